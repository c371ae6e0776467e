import { describe, expect, test } from 'vitest';
import { BtfBuilder, everyKind } from '../../../test/abi/btf-builder.ts';
import { AbiError } from '../abi.ts';
import type { Btf, BtfType } from './btf-types.ts';
import { readBtf } from './read-btf.ts';

const all = (btf: Btf): BtfType[] => Array.from({ length: btf.endId - btf.firstId }, (_, i) => btf.type(btf.firstId + i));
const named = (btf: Btf, name: string): BtfType | undefined => all(btf).find((type) => 'name' in type && type.name === name);

/** AbiError or a Btf: anything else, and any hang, fails the test. */
function readOrRefuse(bytes: Uint8Array): Btf | AbiError {
  try {
    return readBtf(bytes);
  } catch (error) {
    if (error instanceof AbiError) return error;
    throw error;
  }
}

describe('well-formed files', () => {
  const btf = readBtf(everyKind().bytes());

  test('every kind is read', () => {
    expect(new Set(all(btf).map((type) => type.kind))).toEqual(new Set([
      'int', 'float', 'pointer', 'const', 'volatile', 'restrict', 'typedef', 'forward', 'array', 'struct', 'union', 'enum', 'function', 'func', 'var',
      'datasec', 'decl-tag', 'type-tag',
    ]));
    expect(btf.type(0)).toEqual({ kind: 'void' });
    expect(named(btf, '_Bool')).toMatchObject({ isBool: true, sizeBytes: 1 });
    expect(named(btf, 'opaque_union')).toMatchObject({ of: 'union' });
    expect(named(btf, 'tagged')).toMatchObject({ kind: 'decl-tag', componentIndex: -1 });
    expect(named(btf, 'counter')).toMatchObject({ kind: 'var', linkage: 'global' });
    expect(named(btf, '.data..percpu')).toMatchObject({ variables: [{ offset: 32, sizeBytes: 4 }] });
  });
  test('bit fields with kind_flag', () => {
    expect(named(btf, 'bits')).toMatchObject({ members: [{ bitOffset: 0, bitSize: 3 }, { bitOffset: 3, bitSize: 7 }, { bitOffset: 64, bitSize: 60 }, { bitOffset: 124, bitSize: 4 }] });
  });
  test('bit fields in the older form: an integer narrower than its storage', () => {
    const b = new BtfBuilder();
    const narrow = b.type('TYPEDEF', 't', b.int('unsigned int', 4, 0, 5, 2));
    b.struct('s', 8, [['x', narrow, 32]]);
    expect(named(readBtf(b.bytes()), 's')).toMatchObject({ members: [{ bitOffset: 34, bitSize: 5 }] });
  });
  test('enumerators: signed, unsigned, 64 bits', () => {
    expect(named(btf, 'color')).toMatchObject({ isSigned: true, values: [{ value: 0 }, { value: 1 }, { name: 'MINUS', value: -1 }] });
    expect(named(btf, 'big')).toMatchObject({ values: [{ name: 'HUGE', value: 0xffff_ffff_ffff_ffffn }, { name: 'FOUR', value: 4 }] });
  });
  test('a variadic prototype', () => {
    expect(all(btf).find((type) => type.kind === 'function')).toMatchObject({ isVariadic: true, parameters: [{ name: 'n' }, { name: 'fmt' }] });
  });
  test('split BTF goes on where its base ends', () => {
    const base = everyKind();
    const split = new BtfBuilder({ firstId: base.nextId, stringsSize: base.stringsSize });
    const pointer = split.ptr(1);
    split.struct('mine', 8, [['p', pointer, 0]]);
    const whole = readBtf(split.bytes(), readBtf(base.bytes()));
    expect(whole.firstId).toBe(base.nextId);
    expect(named(whole, 'mine')).toMatchObject({ members: [{ name: 'p', type: pointer }] });
    expect(whole.type(1)).toMatchObject({ name: 'int' });
    expect(readOrRefuse(split.bytes())).toBeInstanceOf(AbiError);
  });
});

describe('malformed files are refused', () => {
  const refused: Record<string, (b: BtfBuilder) => void> = {
    'a typedef of itself': (b) => b.type('TYPEDEF', 't', b.nextId),
    'typedefs in a circle': (b) => { b.type('TYPEDEF', 'a', b.nextId + 1); b.type('TYPEDEF', 'b', b.nextId - 1); },
    'a const of a const of itself': (b) => { b.type('CONST', '', b.nextId + 1); b.type('CONST', '', b.nextId - 1); },
    'an array of itself': (b) => b.array(b.nextId, 2),
    'a struct that contains itself': (b) => b.struct('s', 8, [['s', b.nextId, 0]]),
    'a struct in an array in itself': (b) => { b.array(b.nextId + 1, 1); b.struct('s', 8, [['s', b.nextId - 1, 0]]); },
    'an id out of range': (b) => b.ptr(1000),
    'a member outside its struct': (b) => b.struct('s', 8, [['x', b.int('int', 4), 72]]),
    'a pointer to a function symbol': (b) => b.ptr(b.func('f', b.proto(0, []))),
    'a function symbol of an integer': (b) => b.func('f', b.int('int', 4)),
    'a section of types': (b) => b.type('DATASEC', '.data', 4, [b.int('int', 4), 0, 4], 1),
    'a void parameter': (b) => b.proto(0, [['x', 0], ['y', b.int('int', 4)]]),
    'an unknown kind': (b) => b.type(25, 'x', 0),
    'an unknown linkage': (b) => b.type('FUNC', 'f', b.proto(0, []), [], 9),
    'an integer of 0 bytes': (b) => b.int('int', 0),
  };
  for (const [what, build] of Object.entries(refused)) {
    test(what, () => {
      const b = new BtfBuilder();
      build(b);
      expect(readOrRefuse(b.bytes())).toBeInstanceOf(AbiError);
    });
  }
  test('a name beyond the strings', () => {
    const bytes = everyKind().bytes();
    new DataView(bytes.buffer).setUint32(24, 0x7fff_ffff, true);
    expect(readOrRefuse(bytes)).toBeInstanceOf(AbiError);
  });
  test('no magic, other byte order, other version', () => {
    expect(readOrRefuse(new Uint8Array())).toBeInstanceOf(AbiError);
    expect(readOrRefuse(new Uint8Array(24))).toBeInstanceOf(AbiError);
    const swapped = everyKind().bytes();
    swapped.set([0xeb, 0x9f]);
    expect(readOrRefuse(swapped)).toMatchObject({ message: 'BTF: big-endian files are not supported' });
    const newer = everyKind().bytes();
    newer[2] = 2;
    expect(readOrRefuse(newer)).toMatchObject({ message: 'BTF: version 2 is unknown' });
  });
  test('deep nesting is no deep recursion', () => {
    const b = new BtfBuilder();
    for (let i = 0; i < 50_000; i++) b.type('TYPEDEF', '', b.nextId + 1);
    b.int('int', 4);
    expect(readOrRefuse(b.bytes())).not.toBeInstanceOf(AbiError);
  });
  test('every truncation', () => {
    const bytes = everyKind().bytes();
    for (let size = 0; size < bytes.length; size++) expect(readOrRefuse(bytes.slice(0, size))).toBeInstanceOf(AbiError);
  });
  test('every single bit flipped: read or refused', () => {
    const bytes = everyKind().bytes();
    let nrRefused = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      if (readOrRefuse(bytes) instanceof AbiError) nrRefused++;
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(nrRefused).toBeGreaterThan(bytes.length);
  });
});
