import { expect, test } from 'vitest';
import { BtfBuilder } from '../../test/abi/btf-builder.ts';
import { smallAbiFile } from '../../test/abi/small-abi.ts';
import { addressAt } from '../base/ptr.ts';
import { Ram } from '../base/ram.ts';
import { AbiError } from './abi.ts';
import { openAbi } from './open.ts';
import { view } from './view.ts';

const b = new BtfBuilder();
const int = b.int('int', 4, 1);
const char = b.int('char', 1, 1);
const inner = b.struct('inner', 8, [['x', int, 0], ['y', int, 32]]);
const anonymous = b.struct('', 4, [['low', b.int('short unsigned int', 2), 0], ['all', int, 0]], 'UNION');
b.struct('thing', 64, [
  ['n', int, 0], ['', anonymous, 32], ['in', inner, 64], ['name', b.array(char, 8), 128], ['list', b.array(inner, 2), 192], ['ok', b.int('_Bool', 1, 4), 320],
  ['flag', int, 328, 1], ['next', b.ptr(inner), 384], ['big', b.int('long long unsigned int', 8), 448],
].map(([name, type, offset, bits]) => [name, type, offset, bits ?? 0]) as [string, number, number, number][]);
const abi = openAbi(smallAbiFile(b));
const ram = new Ram(65536);
const base = addressAt(0x2000);

test('every kind of member, read when it is asked for', () => {
  const thing = view(abi, ram, 'thing', base);
  expect(Object.keys(thing)).toEqual(['n', 'low', 'all', 'in', 'name', 'list', 'ok', 'flag', 'next', 'big']);
  ram.writeU32(base, 0xffff_ffff);
  ram.writeU32(base + 4, 0x12345678);
  ram.writeU32(base + 8, 5);
  ram.writeCString(base + 16, 'hello');
  ram.writeU32(base + 36, 7); // list[1].y
  ram.writeU16(base + 40, 0x101);
  ram.writePtr(base + 48, base);
  ram.writeU64(base + 56, 2n ** 63n);
  expect(JSON.parse(JSON.stringify(thing, (_, value) => (typeof value === 'bigint' ? String(value) : value)))).toEqual({
    n: -1, low: 0x5678, all: 0x12345678, in: { x: 5, y: 0 }, name: 'hello', list: [{ x: 0, y: 0 }, { x: 0, y: 7 }],
    ok: true, flag: -1, next: base, big: '9223372036854775808',
  });
  ram.writeU32(base, 3);
  expect(thing['n']).toBe(3);
});

test('a view is read-only, and only of what exists', () => {
  expect(() => { (view(abi, ram, 'thing', base) as { n: number }).n = 1; }).toThrow(TypeError);
  expect(() => view(abi, ram, 'nothing', base)).toThrow(AbiError);
});
