// One C type as a record of the ABI file (format.ts).

import { AbiError } from '../abi.ts';
import type { CompositeType, EnumType, FunctionType, TypeNode, TypeRef } from '../type-graph.ts';
import type { ByteWriter } from './byte-writer.ts';
import { FLAG_1, FLAG_2, TYPE_KIND } from './format.ts';

type NameOf = (text: string) => number;
type OffsetOf = (ref: TypeRef) => number;

export function writeTypeRecord(writer: ByteWriter, type: TypeNode, nameOf: NameOf, offsetOf: OffsetOf): void {
  const kind = TYPE_KIND[type.kind];
  switch (type.kind) {
    case 'void': writer.u8(kind); break;
    case 'int': writer.u8(kind | (type.isSigned ? FLAG_1 : 0) | (type.isBool ? FLAG_2 : 0)).u24(nameOf(type.name)).u8(type.sizeBytes); break;
    case 'float': writer.u8(kind).u24(nameOf(type.name)).u8(type.sizeBytes); break;
    case 'pointer': case 'const': case 'volatile': case 'restrict': writer.u8(kind).u24(offsetOf(type.to)); break;
    case 'typedef': writer.u8(kind).u24(nameOf(type.name)).u24(offsetOf(type.to)); break;
    case 'forward': writer.u8(kind | (type.of === 'union' ? FLAG_1 : 0)).u24(nameOf(type.name)); break;
    case 'array': writer.u8(kind).u24(offsetOf(type.of)).varint(type.length); break;
    case 'struct': case 'union': writeComposite(writer, type, nameOf, offsetOf); break;
    case 'enum': writeEnum(writer, type, nameOf); break;
    case 'function': writeFunction(writer, type, nameOf, offsetOf); break;
  }
}

function writeComposite(writer: ByteWriter, { kind, name, sizeBytes, members }: CompositeType, nameOf: NameOf, offsetOf: OffsetOf): void {
  const hasBitFields = members.some((member) => member.bitSize > 0);
  writer.u8(TYPE_KIND[kind] | (hasBitFields ? FLAG_1 : 0)).u24(nameOf(name)).u32(sizeBytes).u16(members.length);
  for (const member of members) {
    if (hasBitFields && member.bitOffset > 0xff_ffff) throw new AbiError(`${kind} ${name} is too large for its bit fields`);
    const width = hasBitFields ? member.bitSize * 0x100_0000 : 0;
    writer.u24(nameOf(member.name)).u24(offsetOf(member.type)).u32(member.bitOffset + width);
  }
}

function writeEnum(writer: ByteWriter, { name, sizeBytes, isSigned, values }: EnumType, nameOf: NameOf): void {
  writer.u8(TYPE_KIND.enum | (isSigned ? FLAG_1 : 0)).u24(nameOf(name)).u8(sizeBytes).varint(values.length);
  for (const { name: label, value } of values) writer.u24(nameOf(label)).zigzag(value);
}

function writeFunction(writer: ByteWriter, { returns, parameters, isVariadic }: FunctionType, nameOf: NameOf, offsetOf: OffsetOf): void {
  if (parameters.length > 255) throw new AbiError('a function type has more parameters than an ABI file can hold');
  writer.u8(TYPE_KIND.function | (isVariadic ? FLAG_1 : 0)).u24(offsetOf(returns)).u8(parameters.length);
  for (const { name, type } of parameters) writer.u24(nameOf(name)).u24(offsetOf(type));
}
