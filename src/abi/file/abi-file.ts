// An opened ABI file (format.ts): the header taken apart, records and index entries decoded on demand. It is a TypeSource
// whose references are offsets in the type section.

import { AbiError, type ExportedSymbol } from '../abi.ts';
import type { TypeNode, TypeRef, TypeSource } from '../type-graph.ts';
import { VOID } from '../type-graph.ts';
import { ByteReader } from './byte-reader.ts';
import { EXPORT_ENTRY, EXPORT_GPL, EXPORT_HAS_CRC, FORMAT_VERSION, HEADER_SIZE, INDEX_ENTRY, MAGIC, PERCPU_ENTRY, SECTIONS, type SectionName } from './format.ts';
import { readTypeRecord } from './read-types.ts';
import { StringTable } from './string-table.ts';

export type IndexName = 'composites' | 'typedefs' | 'enums' | 'functions' | 'enumerators';

export class AbiFile implements TypeSource {
  readonly release: string;
  readonly version: string;
  readonly vermagic: string;
  readonly perCpuSizeBytes: number;
  readonly strings: StringTable;
  readonly #sections: Readonly<Record<SectionName, Uint8Array>>;
  readonly #owners = new Map<number, string>();
  readonly #nodes = new Map<TypeRef, TypeNode>();

  constructor(bytes: Uint8Array) {
    this.#sections = openSections(bytes);
    const identity = new ByteReader(this.#sections.identity);
    this.release = zeroTerminated(identity);
    this.version = zeroTerminated(identity);
    this.vermagic = zeroTerminated(identity);
    this.perCpuSizeBytes = identity.u32();
    this.strings = new StringTable(this.#sections.blocks, this.#sections.strings);
  }

  node(ref: TypeRef): TypeNode {
    if (ref === 0) return VOID;
    let node = this.#nodes.get(ref);
    if (!node) this.#nodes.set(ref, (node = readTypeRecord(this.#sections.types, ref, this.strings)));
    return node;
  }

  /** The type that an index has under `name`. */
  lookup(index: IndexName, name: string): TypeRef | undefined {
    const entry = this.#find(index, INDEX_ENTRY, name);
    return entry < 0 ? undefined : new ByteReader(this.#sections[index], entry + 3).u24();
  }
  /** All names of an index, sorted. */
  *names(index: IndexName): Iterable<string> {
    const entries = new ByteReader(this.#sections[index]);
    for (; entries.at + INDEX_ENTRY <= entries.bytes.length; entries.at += 3) yield this.strings.text(entries.u24());
  }

  exportedSymbol(name: string): ExportedSymbol | undefined {
    const entry = this.#find('exports', EXPORT_ENTRY, name);
    return entry < 0 ? undefined : this.#export(entry, name);
  }
  *exportedSymbols(): Iterable<ExportedSymbol> {
    for (let entry = 0; entry + EXPORT_ENTRY <= this.#sections.exports.length; entry += EXPORT_ENTRY) yield this.#export(entry);
  }
  perCpuVariable(name: string): { readonly type: TypeRef; readonly offset: number; readonly sizeBytes: number } | undefined {
    const entry = this.#find('percpu', PERCPU_ENTRY, name);
    if (entry < 0) return undefined;
    const reader = new ByteReader(this.#sections.percpu, entry + 3);
    return { type: reader.u24(), offset: reader.u32(), sizeBytes: reader.u32() };
  }

  #export(entry: number, known?: string): ExportedSymbol {
    const reader = new ByteReader(this.#sections.exports, entry);
    const number = reader.u24();
    const name = known ?? this.strings.text(number);
    const crc = reader.u32();
    const namespace = this.strings.text(reader.u24());
    const owner = this.#owner(reader.u16());
    const flags = reader.u8();
    return { name, crc: flags & EXPORT_HAS_CRC ? crc : undefined, isGplOnly: (flags & EXPORT_GPL) !== 0, namespace, owner };
  }
  #owner(number: number): string {
    let owner = this.#owners.get(number);
    if (owner === undefined) {
      const reader = new ByteReader(this.#sections.owners);
      if (number >= reader.varint()) throw new AbiError(`ABI file: there is no owner ${number}`);
      reader.at += number * 3;
      this.#owners.set(number, (owner = this.strings.text(reader.u24())));
    }
    return owner;
  }

  /** Offset of the entry that begins with the number of `name` in a section sorted by it, -1 if there is none. */
  #find(section: SectionName, entrySize: number, name: string): number {
    const number = this.strings.find(name);
    if (number < 0) return -1;
    const reader = new ByteReader(this.#sections[section]);
    let low = 0;
    let high = Math.floor(reader.bytes.length / entrySize) - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      reader.at = middle * entrySize;
      const found = reader.u24();
      if (found === number) return middle * entrySize;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

function openSections(bytes: Uint8Array): Record<SectionName, Uint8Array> {
  const header = new ByteReader(bytes);
  if (bytes.length < HEADER_SIZE || header.u32() !== MAGIC) throw new AbiError('this is no ABI file');
  const version = header.u32();
  if (version !== FORMAT_VERSION) throw new AbiError(`ABI file: format ${version}, this kobox reads format ${FORMAT_VERSION}`);
  const sections = {} as Record<SectionName, Uint8Array>;
  for (const name of SECTIONS) {
    const offset = header.u32();
    const size = header.u32();
    if (offset + size > bytes.length) throw new AbiError(`ABI file: section ${name} is cut off`);
    sections[name] = bytes.subarray(offset, offset + size);
  }
  return sections;
}

function zeroTerminated(reader: ByteReader): string {
  let text = '';
  for (let byte = reader.u8(); byte !== 0; byte = reader.u8()) text += String.fromCharCode(byte);
  return text;
}
