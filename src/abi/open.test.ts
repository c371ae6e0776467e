import { describe, expect, test } from 'vitest';
import { everyKind } from '../../test/abi/btf-builder.ts';
import { SMALL_EXPORTS, smallAbiFile } from '../../test/abi/small-abi.ts';
import { type Abi, AbiError } from './abi.ts';
import { openAbi } from './open.ts';

const abi = openAbi(smallAbiFile());

test('identification', () => {
  expect(abi).toMatchObject({ release: '6.1.0-test', version: '#1 SMP test', vermagic: '6.1.0-test SMP mod_unload ', kernelVersion: [6, 1], perCpuSizeBytes: 64 });
});

describe('structs', () => {
  test('paths through structs, anonymous members and arrays', () => {
    const outer = abi.struct('outer');
    expect(outer).toMatchObject({ name: 'outer', kind: 'struct', sizeBytes: 96 });
    expect(outer.members.map(({ name, offset }) => [name, offset])).toEqual([['head', 0], ['', 16], ['bits', 24], ['names', 40], ['real', 56], ['rest', 64]]);
    expect([outer.offset('head.value'), outer.offset('a'), outer.offset('b'), outer.offset('bits.wide')]).toEqual([8, 16, 16, 32]);
    expect([outer.offset('names[2]'), outer.offset('names[2][1]'), outer.offset('rest[5]')]).toEqual([48, 49, 84]);
    expect(outer.field('bits.last')).toMatchObject({ offset: 39, bitOffset: 4, bitSize: 4 });
  });
  test('what is absent', () => {
    const outer = abi.struct('outer');
    for (const path of ['', '.', 'nothing', 'head.', 'head.nothing', 'head.value.x', 'head[0]', 'names[3]', 'names[0][4]', 'names[', 'names[]', 'names[x]', 'names[0]x', 'head.next.value']) {
      expect(outer.hasField(path), path).toBe(false);
      expect(() => outer.field(path), path).toThrow(AbiError);
    }
    expect(abi.hasStruct('opaque')).toBe(false);
    expect(abi.hasStruct('my_int')).toBe(false);
    expect(() => abi.struct('nothing')).toThrow('6.1.0-test has no struct or union nothing');
    expect(() => abi.sizeOf('nothing')).toThrow(AbiError);
    expect([abi.sizeOf('my_int'), abi.sizeOf('color'), abi.sizeOf('outer')]).toEqual([4, 4, 96]);
  });
});

test('types', () => {
  const outer = abi.struct('outer');
  const node = abi.struct('node');
  expect(node.field('next').type).toMatchObject({ kind: 'pointer', tag: 'node', sizeBytes: 8, spelling: 'struct node *' });
  expect(node.field('value').type).toMatchObject({ kind: 'int', isSigned: true, sizeBytes: 4, spelling: 'my_int' });
  expect(node.field('flag').type).toMatchObject({ kind: 'bool', spelling: 'bool' });
  expect(outer.field('a').type).toMatchObject({ kind: 'int', isLongLong: true, isSigned: false, spelling: 'unsigned long long' });
  expect(outer.field('names').type).toMatchObject({ kind: 'array', length: 3, sizeBytes: 12, spelling: 'char [3][4]', element: { length: 4, element: { kind: 'char' } } });
  expect(outer.members[1]!.type).toMatchObject({ kind: 'union', tag: '', layout: { sizeBytes: 8 } });
});

test('enumerators, prototypes, exports, per-CPU variables', () => {
  expect([abi.enumerator('GREEN'), abi.enumerator('MINUS'), abi.enumerator('FOUR'), abi.enumerator('BLUE'), abi.enumerator('color')]).toEqual([1, -1, 4, undefined, undefined]);
  expect(abi.prototype('do_it')).toMatchObject({ name: 'do_it', isVariadic: true, returns: { kind: 'int' } });
  expect(abi.prototype('do_it')!.parameters.map(({ name, type }) => [name, type.spelling])).toEqual([['n', 'struct node *restrict'], ['fmt', 'const char *']]);
  expect(abi.prototype('nothing')).toBeUndefined();
  expect([...abi.exportedSymbols()]).toEqual(SMALL_EXPORTS);
  expect(abi.exportedSymbol('do_it')).toEqual(SMALL_EXPORTS[0]);
  expect(abi.exportedSymbol('node')).toBeUndefined();
  expect(abi.perCpuVariable('counter')).toMatchObject({ offset: 32, sizeBytes: 4 });
});

test('an assembly function has the prototype of the headers, an entry point none', () => {
  const b = everyKind();
  for (const name of ['memcpy', '__get_user_4', 'schedule']) b.func(name, b.proto(0, []));
  const withAssembly = openAbi(smallAbiFile(b));
  expect(withAssembly.prototype('memcpy')!.parameters.map(({ name, type }) => `${type.spelling} ${name}`)).toEqual(['void * dest', 'const void * src', 'unsigned long n']);
  expect(withAssembly.prototype('__get_user_4')).toBeUndefined();
  expect(withAssembly.prototype('schedule')).toMatchObject({ parameters: [] });
});

describe('malformed files', () => {
  test('no ABI file, another format, truncations', () => {
    const bytes = smallAbiFile();
    expect(() => openAbi(new Uint8Array())).toThrow(AbiError);
    expect(() => openAbi(new Uint8Array(500))).toThrow('this is no ABI file');
    const newer = bytes.slice();
    newer[4] = 99;
    expect(() => openAbi(newer)).toThrow('ABI file: format 99, this kobox reads format 1');
    for (let size = 0; size < bytes.length; size++) expect(() => openAbi(bytes.slice(0, size))).toThrow(AbiError);
  });
  test('any bit flipped: everything answers or is refused', () => {
    const bytes = smallAbiFile();
    const bits = bytes.length * 8;
    for (let bit = 0; bit < bits; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      try {
        useAll(openAbi(bytes));
      } catch (error) {
        if (!(error instanceof AbiError)) throw error;
      }
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });
});

function useAll(abi: Abi): void {
  for (const name of ['outer', 'bits', 'node']) {
    if (!abi.hasStruct(name)) continue;
    for (const member of abi.struct(name).members) void [member.type.spelling, member.type.tag, member.type.element?.spelling];
  }
  for (const path of ['head.next', 'b', 'names[1][1]', 'nothing']) if (abi.hasStruct('outer')) abi.struct('outer').hasField(path);
  for (const symbol of abi.exportedSymbols()) abi.prototype(symbol.name)?.parameters.map(({ name, type }) => name + type.spelling);
  void [abi.enumerator('GREEN'), abi.enumerator('HUGE'), abi.perCpuVariable('counter')];
}
