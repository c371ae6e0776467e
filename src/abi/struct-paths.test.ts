import { expect, test } from 'vitest';
import { loadDefaultAbi } from '../host/node/default-abi.ts';
import { AbiError } from './abi.ts';

// The compiler checks this file too: an expectation of an error that does not come is an error.
test('a wrong literal path neither compiles nor is found', () => {
  const layout = loadDefaultAbi().struct('module');
  expect(layout.offset('mkobj.kobj.name')).toBe(layout.offset('mkobj') + loadDefaultAbi().struct<string>('kobject').offset('name'));
  expect(layout.offset('name[3]')).toBe(layout.offset('name') + 3);
  // @ts-expect-error no such member
  expect(() => layout.offset('nmae')).toThrow(AbiError);
  // @ts-expect-error no such member of the struct inside
  expect(() => layout.field('mkobj.kobj.nmae')).toThrow('module has no field mkobj.kobj.nmae');
  // @ts-expect-error a scalar has no members
  expect(() => layout.offset('state.x')).toThrow(AbiError);
  // @ts-expect-error no array
  expect(() => layout.offset('state[0]')).toThrow(AbiError);
  expect(layout.hasField('mem[0].base')).toBe(false);
});

test('a computed path, a pattern and an unchecked layout take any path', () => {
  const abi = loadDefaultAbi();
  const [part, i]: [string, number] = ['core_layout', 1];
  expect(abi.struct('module').offset(`${part}.base`)).toBe(abi.struct('module').offset('core_layout.base'));
  expect(() => abi.struct('module').offset(`mem[${i}].base`)).toThrow(AbiError);
  expect(() => abi.struct<string>('module').offset('mem[0].base')).toThrow(AbiError);
});
