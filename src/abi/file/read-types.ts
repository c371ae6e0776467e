// One record of the ABI file's type section (format.ts) as a node of the type graph.

import { AbiError } from '../abi.ts';
import type { CompositeType, EnumType, FunctionType, TypeNode, TypeRef } from '../type-graph.ts';
import { VOID } from '../type-graph.ts';
import { ByteReader } from './byte-reader.ts';
import { FLAG_1, FLAG_2, TYPE_KIND } from './format.ts';
import type { StringTable } from './string-table.ts';

export function readTypeRecord(types: Uint8Array, ref: TypeRef, strings: StringTable): TypeNode {
  const reader = new ByteReader(types, ref);
  const head = reader.u8();
  const flag1 = (head & FLAG_1) !== 0;
  const name = (): string => strings.text(reader.u24());
  switch (head & 0x1f) {
    case TYPE_KIND.void: return VOID;
    case TYPE_KIND.int: return { kind: 'int', name: name(), sizeBytes: reader.u8(), isSigned: flag1, isBool: (head & FLAG_2) !== 0 };
    case TYPE_KIND.float: return { kind: 'float', name: name(), sizeBytes: reader.u8() };
    case TYPE_KIND.pointer: return { kind: 'pointer', to: reader.u24() };
    case TYPE_KIND.const: return { kind: 'const', to: reader.u24() };
    case TYPE_KIND.volatile: return { kind: 'volatile', to: reader.u24() };
    case TYPE_KIND.restrict: return { kind: 'restrict', to: reader.u24() };
    case TYPE_KIND.typedef: return { kind: 'typedef', name: name(), to: reader.u24() };
    case TYPE_KIND.forward: return { kind: 'forward', of: flag1 ? 'union' : 'struct', name: name() };
    case TYPE_KIND.array: return { kind: 'array', of: reader.u24(), length: reader.varint() };
    case TYPE_KIND.struct: return readComposite(reader, 'struct', flag1, strings);
    case TYPE_KIND.union: return readComposite(reader, 'union', flag1, strings);
    case TYPE_KIND.enum: return readEnum(reader, flag1, strings);
    case TYPE_KIND.function: return readFunction(reader, flag1, strings);
    default: throw new AbiError(`ABI file: type ${ref} has unknown kind ${head & 0x1f}`);
  }
}

function readComposite(reader: ByteReader, kind: 'struct' | 'union', hasBitFields: boolean, strings: StringTable): CompositeType {
  const name = strings.text(reader.u24());
  const sizeBytes = reader.varint();
  const members = repeat(reader.varint(), () => {
    const member = { name: strings.text(reader.u24()), type: reader.u24() };
    return hasBitFields ? { ...member, bitOffset: reader.varint(), bitSize: reader.varint() } : { ...member, bitOffset: reader.varint() * 8, bitSize: 0 };
  });
  return { kind, name, sizeBytes, members };
}

function readEnum(reader: ByteReader, isSigned: boolean, strings: StringTable): EnumType {
  const name = strings.text(reader.u24());
  const sizeBytes = reader.u8();
  return { kind: 'enum', name, sizeBytes, isSigned, values: repeat(reader.varint(), () => ({ name: strings.text(reader.u24()), value: reader.zigzag() })) };
}

function readFunction(reader: ByteReader, isVariadic: boolean, strings: StringTable): FunctionType {
  const returns = reader.u24();
  return { kind: 'function', returns, isVariadic, parameters: repeat(reader.varint(), () => ({ name: strings.text(reader.u24()), type: reader.u24() })) };
}

/** Decodes one after another, so that a count beyond the file ends in an AbiError and not in an allocation. */
function repeat<T>(count: number, decode: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(decode());
  return items;
}
