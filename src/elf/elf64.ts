// ELF64 files, little endian: header, sections, segments, and tables of symbols and relocations that are read where they lie
// (a large module has a million records). Nothing here throws a host exception: `parseElf64` checks every structural field
// and reports the first bad one as ElfError; the pieces below it let a loader do the same checks in an order of its own.
// Source: System V gABI chapters 4 and 5.

import { latin1, latin1z } from '../base/latin1.ts';
import { EHDR_SIZE, PHDR_SIZE, RELA_SIZE, SHDR_SIZE, SHF_ALLOC, SHT_NOBITS, SHT_NULL, SHT_STRTAB, SHT_SYMTAB, SYM_SIZE } from './constants.ts';

export type ElfErrorKind =
  | 'too-short' | 'magic' | 'class' | 'byte-order' | 'section-entry-size' | 'section-table' | 'segment-table' | 'name-index'
  | 'section-0' | 'section-bounds' | 'section-name' | 'string-table' | 'symbol-table';

/** The file breaks the format; `numbers` are the offending values, section index first where there is one. */
export class ElfError extends Error {
  readonly kind: ElfErrorKind;
  readonly numbers: readonly number[];
  constructor(kind: ElfErrorKind, ...numbers: number[]) {
    super(kind === 'magic' ? 'not an ELF file' : `malformed ELF file: ${kind}${numbers.length > 0 ? ` (${numbers.join(', ')})` : ''}`);
    this.kind = kind;
    this.numbers = numbers;
  }
}

/** 64-bit words as numbers: exact below 2^53, rounded above, so that comparing with a file's length stays right. */
const u64 = (view: DataView, at: number): number => view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true);
const i64 = (view: DataView, at: number): number => view.getInt32(at + 4, true) * 4294967296 + view.getUint32(at, true);

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export interface ElfHeader {
  readonly magic: number;
  readonly elfClass: number;
  readonly byteOrder: number;
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly segmentOffset: number;
  readonly sectionOffset: number;
  readonly segmentEntrySize: number;
  readonly segmentCount: number;
  readonly sectionEntrySize: number;
  readonly sectionCount: number;
  readonly nameIndex: number;
}

export const ELF_MAGIC = 0x464c457f;

/** Needs 64 bytes; judges nothing. */
export function readElfHeader(view: DataView): ElfHeader {
  return {
    magic: view.getUint32(0, true), elfClass: view.getUint8(4), byteOrder: view.getUint8(5),
    type: view.getUint16(16, true), machine: view.getUint16(18, true), entry: i64(view, 24),
    segmentOffset: u64(view, 32), sectionOffset: u64(view, 40), segmentEntrySize: view.getUint16(54, true), segmentCount: view.getUint16(56, true),
    sectionEntrySize: view.getUint16(58, true), sectionCount: view.getUint16(60, true), nameIndex: view.getUint16(62, true),
  };
}

export interface ElfSection {
  readonly index: number;
  readonly nameOffset: number;
  readonly type: number;
  /** Low 32 bits of sh_flags: all that are defined. */
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** Needs the whole table inside the file; judges nothing. */
export function readElfSections(view: DataView, tableOffset: number, count: number): ElfSection[] {
  const sections: ElfSection[] = new Array(count);
  for (let index = 0, at = tableOffset; index < count; index++, at += SHDR_SIZE) {
    sections[index] = {
      index, nameOffset: view.getUint32(at, true), type: view.getUint32(at + 4, true), flags: view.getUint32(at + 8, true),
      address: i64(view, at + 16), offset: u64(view, at + 24), size: u64(view, at + 32), link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true), alignment: u64(view, at + 48), entrySize: u64(view, at + 56),
    };
  }
  return sections;
}

/** True if the file holds all bytes of the section; one without file content (NULL, NOBITS) is always in bounds. */
export const isSectionInFile = (section: ElfSection, fileSize: number): boolean =>
  section.type === SHT_NULL || section.type === SHT_NOBITS || (section.offset <= fileSize && section.size <= fileSize - section.offset);

export interface ElfSegment {
  readonly type: number; readonly flags: number; readonly offset: number; readonly address: number;
  readonly fileSize: number; readonly memorySize: number; readonly alignment: number;
}

/** NUL-terminated strings in a byte range; an offset outside gives the empty string. */
export class ElfStrings {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly sizeBytes: number;
  constructor(bytes: Uint8Array, start: number, sizeBytes: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.sizeBytes = sizeBytes;
  }
  at(offset: number): string {
    return offset < this.sizeBytes ? latin1z(this.#bytes, this.#start + offset, this.#start + this.sizeBytes) : '';
  }
  /** Bytes before the NUL. */
  lengthAt(offset: number): number {
    if (offset >= this.sizeBytes) return 0;
    const limit = this.#start + this.sizeBytes;
    let end = this.#start + offset;
    while (end < limit && this.#bytes[end] !== 0) end++;
    return end - this.#start - offset;
  }
  /** Copies string and NUL to `target`; returns the bytes written. */
  copy(offset: number, target: Uint8Array, at: number): number {
    const length = this.lengthAt(offset);
    for (let i = 0; i < length; i++) target[at + i] = this.#bytes[this.#start + offset + i]!;
    target[at + length] = 0;
    return length + 1;
  }
  /** True if the name at `offset` begins with `prefix`. */
  startsWith(offset: number, prefix: string): boolean {
    if (offset + prefix.length > this.sizeBytes) return false;
    for (let i = 0; i < prefix.length; i++) if (this.#bytes[this.#start + offset + i] !== prefix.charCodeAt(i)) return false;
    return true;
  }
  isTerminated(): boolean { return this.sizeBytes > 0 && this.#bytes[this.#start + this.sizeBytes - 1] === 0; }
}

/** A symbol table, read in place. Indexes are not checked: callers stay below `count`. */
export class ElfSymbols {
  readonly count: number;
  readonly names: ElfStrings;
  readonly #view: DataView;
  readonly #start: number;
  constructor(view: DataView, start: number, sizeBytes: number, names: ElfStrings) {
    this.#view = view;
    this.#start = start;
    this.count = Math.floor(sizeBytes / SYM_SIZE);
    this.names = names;
  }
  nameOffset(i: number): number { return this.#view.getUint32(this.#start + i * SYM_SIZE, true); }
  name(i: number): string { return this.names.at(this.nameOffset(i)); }
  type(i: number): number { return this.#view.getUint8(this.#start + i * SYM_SIZE + 4) & 15; }
  binding(i: number): number { return this.#view.getUint8(this.#start + i * SYM_SIZE + 4) >> 4; }
  section(i: number): number { return this.#view.getUint16(this.#start + i * SYM_SIZE + 6, true); }
  /** Signed; rounded beyond 2^53 (see valueBig). */
  value(i: number): number { return i64(this.#view, this.#start + i * SYM_SIZE + 8); }
  valueBig(i: number): bigint { return this.#view.getBigInt64(this.#start + i * SYM_SIZE + 8, true); }
  size(i: number): number { return u64(this.#view, this.#start + i * SYM_SIZE + 16); }
}

/** A table of relocations with addend, read in place. Indexes are not checked. */
export class ElfRelocations {
  readonly count: number;
  readonly #view: DataView;
  readonly #start: number;
  constructor(view: DataView, start: number, sizeBytes: number) {
    this.#view = view;
    this.#start = start;
    this.count = Math.floor(sizeBytes / RELA_SIZE);
  }
  offset(i: number): number { return u64(this.#view, this.#start + i * RELA_SIZE); }
  type(i: number): number { return this.#view.getUint32(this.#start + i * RELA_SIZE + 8, true); }
  symbol(i: number): number { return this.#view.getUint32(this.#start + i * RELA_SIZE + 12, true); }
  /** Signed; rounded beyond 2^53 (see addendBig). */
  addend(i: number): number { return i64(this.#view, this.#start + i * RELA_SIZE + 16); }
  addendBig(i: number): bigint { return this.#view.getBigInt64(this.#start + i * RELA_SIZE + 16, true); }
}

/** A file whose structure holds. Contents of tables (symbol indexes, relocation places) are for their readers to check. */
export class Elf64 {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly header: ElfHeader;
  readonly sections: readonly ElfSection[];
  readonly sectionNames: ElfStrings;

  constructor(bytes: Uint8Array, view: DataView, header: ElfHeader, sections: readonly ElfSection[], sectionNames: ElfStrings) {
    this.bytes = bytes;
    this.view = view;
    this.header = header;
    this.sections = sections;
    this.sectionNames = sectionNames;
  }
  nameOf(section: ElfSection): string { return this.sectionNames.at(section.nameOffset); }
  /** First section called `name`; with `flags`, the first that also has all of them. */
  find(name: string, flags = 0): ElfSection | undefined {
    for (const section of this.sections) {
      if ((section.flags & flags) === flags && section.type !== SHT_NULL && this.nameOf(section) === name) return section;
    }
    return undefined;
  }
  content(section: ElfSection): Uint8Array {
    return section.type === SHT_NOBITS || section.type === SHT_NULL ? new Uint8Array(0) : this.bytes.subarray(section.offset, section.offset + section.size);
  }
  strings(section: ElfSection): ElfStrings { return new ElfStrings(this.bytes, section.offset, section.type === SHT_NOBITS ? 0 : section.size); }
  symbols(section: ElfSection): ElfSymbols {
    const names = this.sections[section.link]!;
    return new ElfSymbols(this.view, section.offset, section.type === SHT_NOBITS ? 0 : section.size, this.strings(names));
  }
  relocations(section: ElfSection): ElfRelocations { return new ElfRelocations(this.view, section.offset, section.type === SHT_NOBITS ? 0 : section.size); }

  segments(): ElfSegment[] {
    const { segmentOffset, segmentCount } = this.header;
    const segments: ElfSegment[] = [];
    for (let i = 0, at = segmentOffset; i < segmentCount; i++, at += PHDR_SIZE) {
      segments.push({
        type: this.view.getUint32(at, true), flags: this.view.getUint32(at + 4, true), offset: u64(this.view, at + 8), address: i64(this.view, at + 16),
        fileSize: u64(this.view, at + 32), memorySize: u64(this.view, at + 40), alignment: u64(this.view, at + 48),
      });
    }
    return segments;
  }
  /** Every note of the file's note sections: `GNU` type 3 is the build id. */
  *notes(): Iterable<{ readonly section: string; readonly name: string; readonly type: number; readonly content: Uint8Array }> {
    for (const section of this.sections) {
      if (section.type !== 7) continue;
      const limit = section.offset + section.size;
      for (let at = section.offset; at + 12 <= limit; ) {
        const nameSize = this.view.getUint32(at, true);
        const contentAt = at + 12 + Math.ceil(nameSize / 4) * 4;
        const contentSize = this.view.getUint32(at + 4, true);
        if (contentAt + contentSize > limit) break;
        yield {
          section: this.nameOf(section), name: latin1(this.bytes, at + 12, at + 12 + Math.max(0, nameSize - 1)),
          type: this.view.getUint32(at + 8, true), content: this.bytes.subarray(contentAt, contentAt + contentSize),
        };
        at = contentAt + Math.ceil(contentSize / 4) * 4;
      }
    }
  }
}

function check(condition: boolean, kind: ElfErrorKind, ...numbers: number[]): void {
  if (!condition) throw new ElfError(kind, ...numbers);
}

/** Reads and checks the structure of a file of any type and machine; throws ElfError. */
export function parseElf64(bytes: Uint8Array): Elf64 {
  check(bytes.length >= EHDR_SIZE, 'too-short', bytes.length);
  const view = viewOf(bytes);
  const raw = readElfHeader(view);
  check(raw.magic === ELF_MAGIC, 'magic', raw.magic);
  check(raw.elfClass === 2, 'class', raw.elfClass);
  check(raw.byteOrder === 1, 'byte-order', raw.byteOrder);
  check(raw.segmentCount === 0 || (raw.segmentEntrySize === PHDR_SIZE && raw.segmentOffset + raw.segmentCount * PHDR_SIZE <= bytes.length), 'segment-table', raw.segmentOffset, raw.segmentCount);
  const header = raw.sectionOffset === 0 ? { ...raw, sectionCount: 0 } : extendedCounts(bytes, view, raw);
  check(header.sectionOffset + header.sectionCount * SHDR_SIZE <= bytes.length, 'section-table', header.sectionOffset, header.sectionCount);
  const sections = readElfSections(view, header.sectionOffset, header.sectionCount);
  const elf = new Elf64(bytes, view, header, sections, sectionNamesOf(bytes, header, sections));
  checkSections(elf);
  return elf;
}

/** A file with 0xff00 or more sections keeps the count, and the index of the name table, in section 0. */
function extendedCounts(bytes: Uint8Array, view: DataView, header: ElfHeader): ElfHeader {
  check(header.sectionEntrySize === SHDR_SIZE, 'section-entry-size', header.sectionEntrySize);
  check(header.sectionOffset + SHDR_SIZE <= bytes.length, 'section-table', header.sectionOffset, header.sectionCount);
  const first = readElfSections(view, header.sectionOffset, 1)[0]!;
  return {
    ...header,
    sectionCount: header.sectionCount === 0 ? first.size : header.sectionCount,
    nameIndex: header.nameIndex === 0xffff ? first.link : header.nameIndex,
  };
}

function sectionNamesOf(bytes: Uint8Array, header: ElfHeader, sections: readonly ElfSection[]): ElfStrings {
  if (header.nameIndex === 0) return new ElfStrings(bytes, 0, 0);
  const table = sections[header.nameIndex];
  check(table !== undefined, 'name-index', header.nameIndex, sections.length);
  check(table!.type === SHT_STRTAB, 'string-table', header.nameIndex, table!.type);
  check(isSectionInFile(table!, bytes.length), 'section-bounds', header.nameIndex, table!.offset, table!.size);
  return new ElfStrings(bytes, table!.offset, table!.size);
}

function checkSections(elf: Elf64): void {
  const { sections, sectionNames } = elf;
  if (sections.length > 0) check(sections[0]!.type === SHT_NULL, 'section-0', sections[0]!.type);
  if (sectionNames.sizeBytes > 0) check(sectionNames.isTerminated(), 'string-table', elf.header.nameIndex);
  for (const section of sections) {
    check(isSectionInFile(section, elf.bytes.length), 'section-bounds', section.index, section.offset, section.size);
    if ((section.flags & SHF_ALLOC) !== 0) check(section.nameOffset < Math.max(1, sectionNames.sizeBytes), 'section-name', section.index, section.nameOffset);
    if (section.type === SHT_SYMTAB) {
      const names = sections[section.link];
      check(names !== undefined && names.type === SHT_STRTAB && elf.strings(names).isTerminated(), 'symbol-table', section.index, section.link);
    }
  }
}
