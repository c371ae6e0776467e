// One record of the ABI file's type section (format.ts) as a node of the type graph.

import { AbiError } from '../abi.ts';
import type { CompositeType, EnumType, FunctionType, Member, MemberPlace, NamedType, TypeNode, TypeRef } from '../type-graph.ts';
import { VOID } from '../type-graph.ts';
import { ByteReader } from './byte-reader.ts';
import { FLAG_1, FLAG_2, MEMBER_SIZE, TYPE_KIND } from './format.ts';
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
    case TYPE_KIND.struct: return new CompositeRecord('struct', flag1, reader, strings);
    case TYPE_KIND.union: return new CompositeRecord('union', flag1, reader, strings);
    case TYPE_KIND.enum: return readEnum(reader, flag1, strings);
    case TYPE_KIND.function: return readFunction(reader, flag1, strings);
    default: throw new AbiError(`ABI file: type ${ref} has unknown kind ${head & 0x1f}`);
  }
}

/** Members are decoded all at once when the whole list is asked for, by `membersNamed` when one is. */
class CompositeRecord implements CompositeType {
  readonly kind: 'struct' | 'union';
  readonly sizeBytes: number;
  readonly #name: number;
  readonly #hasBitFields: boolean;
  readonly #types: Uint8Array;
  readonly #strings: StringTable;
  readonly #first: number;
  readonly #count: number;
  #members: readonly Member[] | undefined;
  #anonymous: MemberPlace[] | undefined;
  /** The bytes of the members. */
  #table: Uint8Array | undefined;

  constructor(kind: 'struct' | 'union', hasBitFields: boolean, reader: ByteReader, strings: StringTable) {
    this.kind = kind;
    this.#hasBitFields = hasBitFields;
    this.#strings = strings;
    this.#types = reader.bytes;
    this.#name = reader.u24();
    this.sizeBytes = reader.u32();
    this.#count = reader.u16();
    this.#first = reader.at;
    if (this.#first + this.#count * MEMBER_SIZE > reader.bytes.length) throw new AbiError('ABI file: a struct is cut off');
  }
  get name(): string { return this.#strings.text(this.#name); }
  get members(): readonly Member[] {
    return (this.#members ??= Array.from({ length: this.#count }, (_, i) => {
      const at = this.#first + i * MEMBER_SIZE;
      return { name: this.#strings.text(new ByteReader(this.#types, at).u24()), ...this.#place(at) };
    }));
  }
  /** The host's own search finds the low byte of the name: at start-up a loop over the members would run cold. */
  membersNamed(name: number): MemberPlace[] {
    if (name === 0) return (this.#anonymous ??= this.#unnamed());
    const table = (this.#table ??= this.#types.subarray(this.#first, this.#first + this.#count * MEMBER_SIZE));
    const low = name & 0xff;
    const found: MemberPlace[] = [];
    for (let at = table.indexOf(low); at >= 0; at = table.indexOf(low, at + 1)) {
      if (at % MEMBER_SIZE === 0 && table[at + 1]! + table[at + 2]! * 256 === name >>> 8) found.push(this.#place(this.#first + at));
    }
    return found;
  }
  #unnamed(): MemberPlace[] {
    const types = this.#types;
    const found: MemberPlace[] = [];
    for (let i = 0, at = this.#first; i < this.#count; i++, at += MEMBER_SIZE) {
      if (types[at] === 0 && types[at + 1] === 0 && types[at + 2] === 0) found.push(this.#place(at));
    }
    return found;
  }
  #place(at: number): MemberPlace {
    const reader = new ByteReader(this.#types, at + 3);
    const type = reader.u24();
    const offset = reader.u32();
    return this.#hasBitFields ? { type, bitOffset: offset & 0xff_ffff, bitSize: offset >>> 24 } : { type, bitOffset: offset, bitSize: 0 };
  }
}

/** Members of a struct of an ABI file by the number of their name; 0 gives the anonymous ones. */
export const membersNamed = (composite: CompositeType, name: number): readonly MemberPlace[] =>
  composite instanceof CompositeRecord ? composite.membersNamed(name) : [];

function readEnum(reader: ByteReader, isSigned: boolean, strings: StringTable): EnumType {
  const name = strings.text(reader.u24());
  const sizeBytes = reader.u8();
  return { kind: 'enum', name, sizeBytes, isSigned, values: repeat(reader.varint(), () => ({ name: strings.text(reader.u24()), value: reader.zigzag() })) };
}

function readFunction(reader: ByteReader, isVariadic: boolean, strings: StringTable): FunctionType {
  const returns = reader.u24();
  return { kind: 'function', returns, isVariadic, parameters: repeat(reader.u8(), () => new ParameterRecord(reader, strings)) };
}

/** A parameter; its name is decoded when somebody prints it. */
class ParameterRecord implements NamedType {
  readonly type: TypeRef;
  readonly #name: number;
  readonly #strings: StringTable;
  constructor(reader: ByteReader, strings: StringTable) {
    this.#name = reader.u24();
    this.type = reader.u24();
    this.#strings = strings;
  }
  get name(): string { return this.#strings.text(this.#name); }
}

/** Decodes one after another, so that a count beyond the file ends in an AbiError and not in an allocation. */
function repeat<T>(count: number, decode: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(decode());
  return items;
}
