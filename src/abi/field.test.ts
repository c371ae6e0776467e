import { describe, expect, test } from 'vitest';
import { BtfBuilder, everyKind } from '../../test/abi/btf-builder.ts';
import { smallAbiFile } from '../../test/abi/small-abi.ts';
import { addressAt } from '../base/ptr.ts';
import { MemoryFault, Ram } from '../base/ram.ts';
import { AbiError } from './abi.ts';
import { openAbi } from './open.ts';

const ram = new Ram(65536);
const base = addressAt(0x2000);
const abi = openAbi(smallAbiFile());

describe('scalars', () => {
  const b = new BtfBuilder();
  const types: [string, number, number | bigint, number | bigint][] = [
    ['i8', b.int('signed char', 1, 1), -5, -5], ['u8', b.int('unsigned char', 1), -1, 255], ['i16', b.int('short int', 2, 1), 0x18000, -0x8000],
    ['u16', b.int('short unsigned int', 2), -1, 0xffff], ['i32', b.int('int', 4, 1), 0xffff_ffff, -1], ['u32', b.int('unsigned int', 4), -1, 0xffff_ffff],
    ['i64', b.int('long long int', 8, 1), -1n, -1n], ['u64', b.int('long long unsigned int', 8), -1n, 0xffff_ffff_ffff_ffffn],
    ['long', b.int('long int', 8, 1), -1, -1], ['address', b.int('long unsigned int', 8), base, base], ['pointer', b.ptr(0), base, base],
    ['bool', b.int('_Bool', 1, 4), 1, 1], ['float', b.type('FLOAT', 'float', 4), 0.5, 0.5], ['double', b.type('FLOAT', 'double', 8), -1.1, -1.1],
  ];
  b.struct('all', types.length * 8, types.map(([name, type], i) => [name, type, i * 64]));
  const all = openAbi(smallAbiFile(b)).struct('all');
  for (const [name, , written, read] of types) {
    test(`${name}: ${written} reads back as ${read}`, () => {
      ram.fill(base, all.sizeBytes, 0xaa);
      all.field(name).write(ram, base, written);
      expect(all.field(name).read(ram, base)).toBe(read);
      for (const other of types) if (other[0] !== name) expect(ram.readU8(base + all.offset(other[0]))).toBe(0xaa);
    });
  }
  test('a bigint is written to any 64-bit word', () => {
    all.field('address').write(ram, base, 0xffff_ffff_8000_2000n);
    expect(all.field('address').read(ram, base)).toBe(base);
  });
});

describe('bit fields', () => {
  const bits = abi.struct('bits');
  test('fields of one word do not disturb each other', () => {
    for (const fill of [0, 0xff]) {
      ram.fill(base, 16, fill);
      bits.field('low').write(ram, base, 2);
      bits.field('high').write(ram, base, -64);
      bits.field('last').write(ram, base, 9);
      bits.field('wide').write(ram, base, 0x123456789abcdefn);
      expect(['low', 'high', 'last', 'wide'].map((name) => bits.field(name).read(ram, base))).toEqual([2, -64, 9n, 0x123456789abcdefn]);
      expect([ram.readU16(base) >> 10, ram.readU32(base + 4)]).toEqual(fill ? [0x3f, 0xffff_ffff] : [0, 0]);
    }
  });
  test('signed ones are sign-extended', () => {
    bits.field('low').write(ram, base, 7);
    expect(bits.field('low').read(ram, base)).toBe(-1);
  });
  test('one that crosses bytes, bit by bit', () => {
    const b = everyKind();
    b.struct('packed', 9, [['x', b.int('long unsigned int', 8), 5, 40], ['y', b.int('long unsigned int', 8), 45, 27]]);
    const packed = openAbi(smallAbiFile(b)).struct('packed');
    for (let bit = 0; bit < 40; bit++) {
      ram.fill(base, 9);
      packed.field('x').write(ram, base, 2 ** bit);
      expect(packed.field('x').read(ram, base)).toBe(2 ** bit);
      expect(packed.field('y').read(ram, base)).toBe(0);
      expect(ram.readU8(base + ((5 + bit) >> 3))).toBe(1 << ((5 + bit) & 7));
    }
  });
});

test('what is no scalar, and what lies outside RAM', () => {
  expect(() => abi.struct('outer').field('head').read(ram, base)).toThrow(AbiError);
  expect(() => abi.struct('outer').field('names').write(ram, base, 0)).toThrow('names is no scalar: char [3][4]');
  const caught = (action: () => unknown): unknown => { try { return action(); } catch (thrown) { return thrown; } };
  expect(caught(() => abi.struct('node').field('value').read(ram, 0))).toBeInstanceOf(MemoryFault);
  expect(caught(() => abi.struct('bits').field('low').write(ram, 0, 1))).toBeInstanceOf(MemoryFault);
});
