// Reads BTF, whole or split (types and strings that go on where a base file ends). Everything is decoded and checked here:
// what `readBtf` returns has references in range, no name outside the string section, no type that contains itself.
// Malformed input is an AbiError.

import { AbiError } from '../abi.ts';
import type { Enumerator, Member, NamedType } from '../type-graph.ts';
import { VOID } from '../type-graph.ts';
import { type Btf, type BtfInt, type BtfType, KIND, type Linkage, type SectionVariable } from './btf-types.ts';
import { checkBtf } from './check-btf.ts';

const MAGIC = 0xeb9f;
const TYPE_HEADER = 12;
const INT_SIGNED = 1;
const INT_BOOL = 4;
const LINKAGE: readonly Linkage[] = ['static', 'global', 'extern'];

const latin1 = new TextDecoder('latin1');

/** Names by offset; a split file's offsets go on where the base's strings end. */
class Strings {
  readonly #bytes: Uint8Array;
  readonly #base: Strings | undefined;
  readonly #start: number;
  readonly end: number;
  constructor(bytes: Uint8Array, base: Strings | undefined) {
    this.#bytes = bytes;
    this.#base = base;
    this.#start = base?.end ?? 0;
    this.end = this.#start + bytes.length;
  }
  at(offset: number): string {
    if (this.#base && offset < this.#start) return this.#base.at(offset);
    const start = offset - this.#start;
    const stop = this.#bytes.indexOf(0, start);
    if (start >= this.#bytes.length || stop < 0) throw new AbiError(`BTF: name offset ${offset} lies outside the string section`);
    return latin1.decode(this.#bytes.subarray(start, stop));
  }
}

class BtfFile implements Btf {
  readonly firstId: number;
  readonly strings: Strings;
  readonly types: BtfType[];
  readonly #base: BtfFile | undefined;

  constructor(bytes: Uint8Array, base: BtfFile | undefined) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 24) throw new AbiError('BTF: shorter than its header');
    const magic = view.getUint16(0, true);
    if (magic === 0x9feb) throw new AbiError('BTF: big-endian files are not supported');
    if (magic !== MAGIC) throw new AbiError('BTF: no BTF magic');
    if (view.getUint8(2) !== 1) throw new AbiError(`BTF: version ${view.getUint8(2)} is unknown`);
    const headerSize = view.getUint32(4, true);
    if (headerSize < 24) throw new AbiError(`BTF: header of ${headerSize} bytes`);
    const section = (field: number, what: string): Uint8Array => {
      const start = headerSize + view.getUint32(field, true);
      const size = view.getUint32(field + 4, true);
      if (start + size > bytes.length) throw new AbiError(`BTF: ${what} section reaches beyond the file`);
      return bytes.subarray(start, start + size);
    };
    this.#base = base;
    this.firstId = base ? base.endId : 1;
    this.strings = new Strings(section(16, 'string'), base?.strings);
    this.types = decodeTypes(section(8, 'type'), this.strings, this.firstId);
    for (const [i, type] of this.types.entries()) {
      if (type.kind === 'struct' || type.kind === 'union') this.types[i] = { ...type, members: type.members.map((member) => this.#asBitField(member)) };
    }
  }
  get endId(): number { return this.firstId + this.types.length; }
  type(id: number): BtfType {
    if (id === 0) return VOID;
    if (id < this.firstId && this.#base) return this.#base.type(id);
    const type = this.types[id - this.firstId];
    if (!type) throw new AbiError(`BTF: no type has id ${id}`);
    return type;
  }
  /** A member whose integer is narrower than its storage was a bit field before BTF members carried their width. */
  #asBitField(member: Member): Member {
    if (member.bitSize > 0) return member;
    let id = member.type;
    for (let step = 0; step < 64; step++) {
      const type = this.#base && id < this.firstId ? this.#base.type(id) : this.types[id - this.firstId];
      if (type?.kind === 'int') return isNarrow(type) ? { ...member, bitOffset: member.bitOffset + type.narrow.shift, bitSize: type.narrow.bits } : member;
      if (type?.kind !== 'typedef' && type?.kind !== 'const' && type?.kind !== 'volatile') return member;
      id = type.to;
    }
    return member;
  }
}

const isNarrow = (type: BtfType): type is Required<BtfInt> => 'narrow' in type;

/** Reads one BTF file; `base` is what a split file (a module's BTF) builds on. */
export function readBtf(bytes: Uint8Array, base?: Btf): Btf {
  if (base && !(base instanceof BtfFile)) throw new AbiError('BTF: the base must come from readBtf');
  const btf = new BtfFile(bytes, base);
  checkBtf(btf);
  return btf;
}

/** Cuts the type section into types. Ids inside are checked later, when all of them are known. */
function decodeTypes(bytes: Uint8Array, strings: Strings, firstId: number): BtfType[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const types: BtfType[] = [];
  let at = 0;
  while (at < bytes.length) {
    const id = firstId + types.length;
    if (at + TYPE_HEADER > bytes.length) throw new AbiError(`BTF: type ${id} is cut off`);
    const info = view.getUint32(at + 4, true);
    const record: TypeRecord = {
      id, kind: (info >>> 24) & 31, vlen: info & 0xffff, flag: info >>> 31 === 1, name: strings.at(view.getUint32(at, true)),
      word: view.getUint32(at + 8, true), view, at: at + TYPE_HEADER, strings,
    };
    const size = tailSize(record);
    if (record.at + size > bytes.length) throw new AbiError(`BTF: type ${id} is cut off`);
    types.push(decodeType(record));
    at = record.at + size;
  }
  return types;
}

/** One type, its header taken apart; `word` is its size or type field, `at` the offset of what follows the header. */
interface TypeRecord {
  readonly id: number; readonly kind: number; readonly vlen: number; readonly flag: boolean; readonly name: string; readonly word: number;
  readonly view: DataView; readonly at: number; readonly strings: Strings;
}

/** Bytes behind the header. */
function tailSize({ kind, vlen, id }: TypeRecord): number {
  switch (kind) {
    case KIND.INT: case KIND.VAR: case KIND.DECL_TAG: return 4;
    case KIND.ARRAY: return 12;
    case KIND.STRUCT: case KIND.UNION: case KIND.DATASEC: case KIND.ENUM64: return 12 * vlen;
    case KIND.ENUM: case KIND.FUNC_PROTO: return 8 * vlen;
    case KIND.PTR: case KIND.FWD: case KIND.TYPEDEF: case KIND.VOLATILE: case KIND.CONST: case KIND.RESTRICT: case KIND.FUNC:
    case KIND.FLOAT: case KIND.TYPE_TAG: return 0;
    default: throw new AbiError(`BTF: type ${id} has unknown kind ${kind}`);
  }
}

function decodeType(record: TypeRecord): BtfType {
  const { kind, name, word, view, at, flag, id } = record;
  switch (kind) {
    case KIND.INT: return decodeInt(record);
    case KIND.PTR: return { kind: 'pointer', to: word };
    case KIND.ARRAY: return { kind: 'array', of: view.getUint32(at, true), length: view.getUint32(at + 8, true) };
    case KIND.STRUCT: return { kind: 'struct', name, sizeBytes: word, members: decodeMembers(record) };
    case KIND.UNION: return { kind: 'union', name, sizeBytes: word, members: decodeMembers(record) };
    case KIND.ENUM: return { kind: 'enum', name, sizeBytes: word, isSigned: flag, values: decodeEnumerators(record) };
    case KIND.ENUM64: return { kind: 'enum', name, sizeBytes: word, isSigned: flag, values: decodeEnumerators64(record) };
    case KIND.FWD: return { kind: 'forward', of: flag ? 'union' : 'struct', name };
    case KIND.TYPEDEF: return { kind: 'typedef', name, to: word };
    case KIND.VOLATILE: return { kind: 'volatile', to: word };
    case KIND.CONST: return { kind: 'const', to: word };
    case KIND.RESTRICT: return { kind: 'restrict', to: word };
    case KIND.FUNC: return { kind: 'func', name, type: word, linkage: linkage(record.vlen, id) };
    case KIND.FUNC_PROTO: return decodePrototype(record);
    case KIND.VAR: return { kind: 'var', name, type: word, linkage: linkage(view.getUint32(at, true), id) };
    case KIND.DATASEC: return { kind: 'datasec', name, sizeBytes: word, variables: decodeVariables(record) };
    case KIND.FLOAT: return { kind: 'float', name, sizeBytes: word };
    case KIND.DECL_TAG: return { kind: 'decl-tag', name, type: word, componentIndex: view.getInt32(at, true) };
    default: return { kind: 'type-tag', name, to: word };
  }
}

function decodeInt({ view, at, name, word, id }: TypeRecord): BtfType {
  const info = view.getUint32(at, true);
  const bits = info & 0xff;
  if (word < 1 || word > 16) throw new AbiError(`BTF: type ${id} is an integer of ${word} bytes`);
  const encoding = (info >>> 24) & 15;
  const narrow = bits < word * 8 && bits > 0 ? { bits, shift: (info >>> 16) & 0xff } : undefined;
  const type = { kind: 'int', name, sizeBytes: word, isSigned: (encoding & INT_SIGNED) !== 0, isBool: (encoding & INT_BOOL) !== 0 } as const;
  return narrow ? { ...type, narrow } : type;
}

function decodeMembers({ view, at, vlen, flag, strings }: TypeRecord): Member[] {
  const members: Member[] = [];
  for (let i = 0; i < vlen; i++) {
    const offset = view.getUint32(at + 12 * i + 8, true);
    members.push({
      name: strings.at(view.getUint32(at + 12 * i, true)), type: view.getUint32(at + 12 * i + 4, true),
      bitOffset: flag ? offset & 0xff_ffff : offset, bitSize: flag ? offset >>> 24 : 0,
    });
  }
  return members;
}

function decodeEnumerators({ view, at, vlen, strings, flag }: TypeRecord): Enumerator[] {
  return Array.from({ length: vlen }, (_, i) => ({
    name: strings.at(view.getUint32(at + 8 * i, true)),
    value: flag ? view.getInt32(at + 8 * i + 4, true) : view.getUint32(at + 8 * i + 4, true),
  }));
}
function decodeEnumerators64({ view, at, vlen, strings, flag }: TypeRecord): Enumerator[] {
  return Array.from({ length: vlen }, (_, i) => {
    const unsigned = (BigInt(view.getUint32(at + 12 * i + 8, true)) << 32n) | BigInt(view.getUint32(at + 12 * i + 4, true));
    const value = flag ? BigInt.asIntN(64, unsigned) : unsigned;
    const exact = Number(value);
    return { name: strings.at(view.getUint32(at + 12 * i, true)), value: Number.isSafeInteger(exact) ? exact : value };
  });
}

function decodePrototype({ view, at, vlen, word, strings, id }: TypeRecord): BtfType {
  const parameters: NamedType[] = [];
  let isVariadic = false;
  for (let i = 0; i < vlen; i++) {
    const name = strings.at(view.getUint32(at + 8 * i, true));
    const type = view.getUint32(at + 8 * i + 4, true);
    // `...` is a last parameter without name and type.
    if (type === 0 && name === '' && i === vlen - 1) isVariadic = true;
    else if (type === 0) throw new AbiError(`BTF: function type ${id} has a void parameter`);
    else parameters.push({ name, type });
  }
  return { kind: 'function', returns: word, parameters, isVariadic };
}

function decodeVariables({ view, at, vlen }: TypeRecord): SectionVariable[] {
  return Array.from({ length: vlen }, (_, i) => ({
    type: view.getUint32(at + 12 * i, true), offset: view.getUint32(at + 12 * i + 4, true), sizeBytes: view.getUint32(at + 12 * i + 8, true),
  }));
}

function linkage(value: number, id: number): Linkage {
  const found = LINKAGE[value];
  if (!found) throw new AbiError(`BTF: type ${id} has unknown linkage ${value}`);
  return found;
}
