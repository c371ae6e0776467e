// Changes single fields of an ELF64 file, for tests that need files no compiler would write.

import { latin1z } from '../../src/base/latin1.ts';

const HEADER = { type: [16, 2], machine: [18, 2], shoff: [40, 8], ehsize: [52, 2], shentsize: [58, 2], shnum: [60, 2], shstrndx: [62, 2] } as const;
const SECTION = { name: [0, 4], type: [4, 4], flags: [8, 8], addr: [16, 8], offset: [24, 8], size: [32, 8], link: [40, 4], info: [44, 4], align: [48, 8], entsize: [56, 8] } as const;
const SYMBOL = { name: [0, 4], info: [4, 1], other: [5, 1], shndx: [6, 2], value: [8, 8], size: [16, 8] } as const;
const RELA = { offset: [0, 8], type: [8, 4], symbol: [12, 4], addend: [16, 8] } as const;

export type HeaderField = keyof typeof HEADER;
export type SectionField = keyof typeof SECTION;
export type SymbolField = keyof typeof SYMBOL;
export type RelaField = keyof typeof RELA;

export class ElfEditor {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  constructor(bytes: Uint8Array) {
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
  }
  set(at: number, size: number, value: number | bigint): this {
    if (at + size > this.bytes.length) return this;
    switch (size) {
      case 1: this.view.setUint8(at, Number(value)); break;
      case 2: this.view.setUint16(at, Number(value), true); break;
      case 4: this.view.setUint32(at, Number(value), true); break;
      default: this.view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    }
    return this;
  }
  u64(at: number): number { return Number(this.view.getBigUint64(at, true)); }
  header(field: HeaderField, value: number | bigint): this { return this.set(HEADER[field][0], HEADER[field][1], value); }

  get count(): number { return this.view.getUint16(60, true); }
  sectionAt(index: number): number { return this.u64(40) + index * 64; }
  get #names(): number { return this.u64(this.sectionAt(this.view.getUint16(62, true)) + 24); }
  nameOf(index: number): string { return latin1z(this.bytes, this.#names + this.view.getUint32(this.sectionAt(index), true)); }
  index(name: string): number {
    for (let i = 1; i < this.count; i++) if (this.nameOf(i) === name) return i;
    throw new Error(`no section ${name}`);
  }
  offset(name: string): number { return this.u64(this.sectionAt(this.index(name)) + 24); }
  size(name: string): number { return this.u64(this.sectionAt(this.index(name)) + 32); }
  section(section: string | number, field: SectionField, value: number | bigint): this {
    const index = typeof section === 'string' ? this.index(section) : section;
    return this.set(this.sectionAt(index) + SECTION[field][0], SECTION[field][1], value);
  }

  symbolAt(index: number): number { return this.offset('.symtab') + index * 24; }
  symbolIndex(name: string): number {
    const names = this.offset('.strtab');
    for (let i = 1; i < this.size('.symtab') / 24; i++) if (latin1z(this.bytes, names + this.view.getUint32(this.symbolAt(i), true)) === name) return i;
    throw new Error(`no symbol ${name}`);
  }
  symbol(symbol: string | number, field: SymbolField, value: number | bigint): this {
    const index = typeof symbol === 'string' ? this.symbolIndex(symbol) : symbol;
    return this.set(this.symbolAt(index) + SYMBOL[field][0], SYMBOL[field][1], value);
  }
  relocation(section: string, index: number, field: RelaField, value: number | bigint): this {
    return this.set(this.offset(section) + index * 24 + RELA[field][0], RELA[field][1], value);
  }
  /** Replaces every occurrence of a text by one of the same length. */
  replace(from: string, to: string): this {
    if (from.length !== to.length) throw new Error(`"${from}" and "${to}" differ in length`);
    let isFound = false;
    for (let at = 0; at + from.length <= this.bytes.length; at++) {
      let i = 0;
      while (i < from.length && this.bytes[at + i] === from.charCodeAt(i)) i++;
      if (i < from.length) continue;
      isFound = true;
      for (i = 0; i < to.length; i++) this.bytes[at + i] = to.charCodeAt(i);
    }
    if (!isFound) throw new Error(`"${from}" does not occur`);
    return this;
  }
  cut(length: number): this {
    this.bytes = this.bytes.slice(0, length);
    this.view = new DataView(this.bytes.buffer);
    return this;
  }
  append(text: string | Uint8Array): this {
    const tail = typeof text === 'string' ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;
    const bytes = new Uint8Array(this.bytes.length + tail.length);
    bytes.set(this.bytes);
    bytes.set(tail, this.bytes.length);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    return this;
  }
}
