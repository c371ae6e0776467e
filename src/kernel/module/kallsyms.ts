// Symbols of one module, by address and as /proc/kallsyms lists them (spec 7.2). While a module is loading all symbols of its
// file count; afterwards only those of the sections that stay.

import { latin1z } from '../../base/latin1.ts';
import type { Ptr } from '../../base/ptr.ts';
import { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_ABS, SHN_LORESERVE, SHN_UNDEF, SHT_NOBITS, STB_WEAK, STT_FUNC, STT_OBJECT } from '../../elf/constants.ts';
import type { SymbolInfo } from '../services.ts';
import type { Layout } from './layout.ts';
import type { LoadedModule } from './loaded-module.ts';
import type { ModuleFile } from './module-file.ts';
import type { SymbolValues } from './symbol-values.ts';

const UNDEFINED_LETTER = 0x55; // 'U'

/** The letter of a symbol before case is decided, as a character code. */
function letterOf(file: ModuleFile, i: number): number {
  const { symbols, elf } = file;
  const index = symbols.section(i);
  if (symbols.binding(i) === STB_WEAK) return symbols.type(i) === STT_OBJECT ? 0x76 : 0x77; // v w
  if (index === SHN_UNDEF) return UNDEFINED_LETTER;
  if (index === SHN_ABS || index === file.perCpu?.index) return 0x61; // a
  if (index >= SHN_LORESERVE || index >= elf.sections.length) return 0x3f; // ?
  const section = elf.sections[index]!;
  if ((section.flags & SHF_EXECINSTR) !== 0) return 0x74; // t
  if ((section.flags & SHF_ALLOC) !== 0 && section.type !== SHT_NOBITS) return (section.flags & SHF_WRITE) === 0 ? 0x72 : 0x64; // r d
  if (section.type === SHT_NOBITS) return 0x62; // b
  return elf.nameOf(section).startsWith('.debug') ? 0x6e : 0x3f; // n ?
}

export interface ModuleSymbol { readonly name: string; readonly address: Ptr; readonly letter: string; readonly isUndefined: boolean }

/** A symbol table on its own: it does not refer to the file it came from. */
class SymbolTable {
  readonly values: Float64Array;
  readonly letters: Uint8Array;
  readonly sections: Uint16Array;
  readonly isFunction: Uint8Array;
  readonly #nameAt: Uint32Array;
  readonly #names: Uint8Array;
  /** Indexes of the symbols that an address can be named after, by address; made when first asked for. */
  #sorted: Uint32Array | undefined;

  constructor(file: ModuleFile, values: SymbolValues, indexes: ArrayLike<number>, count: number) {
    const { symbols } = file;
    this.values = new Float64Array(count);
    this.letters = new Uint8Array(count);
    this.sections = new Uint16Array(count);
    this.isFunction = new Uint8Array(count);
    this.#nameAt = new Uint32Array(count);
    let size = 0;
    for (let at = 0; at < count; at++) size += symbols.names.lengthAt(symbols.nameOffset(indexes[at]!)) + 1;
    this.#names = new Uint8Array(size);
    for (let at = 0, end = 0; at < count; at++) {
      const i = indexes[at]!;
      this.values[at] = values.values[i]!;
      this.letters[at] = letterOf(file, i);
      this.sections[at] = symbols.section(i);
      this.isFunction[at] = symbols.type(i) === STT_FUNC ? 1 : 0;
      this.#nameAt[at] = end;
      end += symbols.names.copy(symbols.nameOffset(i), this.#names, end);
    }
  }
  get count(): number { return this.values.length; }
  name(at: number): string { return latin1z(this.#names, this.#nameAt[at]!); }
  isNamed(at: number): boolean { return this.#names[this.#nameAt[at]!] !== 0; }
  hasName(at: number, name: string): boolean {
    const start = this.#nameAt[at]!;
    for (let i = 0; i < name.length; i++) if (this.#names[start + i] !== name.charCodeAt(i)) return false;
    return this.#names[start + name.length] === 0;
  }
  /** True for names that the assembler made up. */
  #isMapping(at: number): boolean {
    const start = this.#nameAt[at]!;
    return this.#names[start] === 0x24 || (this.#names[start] === 0x2e && this.#names[start + 1] === 0x4c); // $ or .L
  }
  /** Index and end of the symbol nearest below `address`; the first of several at the same place counts. */
  nearest(address: Ptr, end: Ptr): { readonly at: number; readonly next: Ptr } | undefined {
    const sorted = (this.#sorted ??= this.#sort());
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.values[sorted[middle]!]! <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const next = low < sorted.length ? Math.min(end, this.values[sorted[low]!]!) : end;
    const value = this.values[sorted[low - 1]!]!;
    let first = low - 1;
    while (first > 0 && this.values[sorted[first - 1]!] === value) first--;
    return { at: sorted[first]!, next };
  }
  #sort(): Uint32Array {
    const named: number[] = [];
    for (let at = 1; at < this.count; at++) {
      if (this.letters[at] !== UNDEFINED_LETTER && this.sections[at] !== SHN_UNDEF && this.isNamed(at) && !this.#isMapping(at)) named.push(at);
    }
    return Uint32Array.from(named.sort((a, b) => this.values[a]! - this.values[b]! || a - b));
  }
}

const count = (n: number): ArrayLike<number> => Array.from({ length: n }, (_, i) => i);

export class ModuleKallsyms {
  #full: SymbolTable | undefined;
  #fullSource: { readonly file: ModuleFile; readonly values: SymbolValues } | undefined;
  readonly #core: SymbolTable;
  /** 6.1: imports are listed while loading, and data symbols get the distance to the end of text as their size. */
  readonly #isOldStyle: boolean;

  constructor(file: ModuleFile, values: SymbolValues, layout: Layout, isOldStyle: boolean) {
    this.#core = new SymbolTable(file, values, layout.coreSymbols, layout.coreSymbols.length);
    this.#fullSource = { file, values };
    this.#isOldStyle = isOldStyle;
  }
  /** From now on only symbols that stay count, and the file is let go. */
  dropInit(): void { this.#fullSource = this.#full = undefined; }

  /** Made only if somebody asks while the module is loading. */
  get #table(): SymbolTable {
    if (this.#fullSource && !this.#full) {
      const { file, values } = this.#fullSource;
      this.#full = new SymbolTable(file, values, count(file.symbols.count), file.symbols.count);
    }
    return this.#full ?? this.#core;
  }

  symbolize(address: Ptr, module: LoadedModule): SymbolInfo | undefined {
    const area = module.areas.find((candidate) => candidate.contains(address));
    if (!area) return undefined;
    const part = area.partAt(address);
    const isText = part.isReadOnly && address < part.base + area.textSize;
    const table = this.#table;
    const found = table.nearest(address, part.base + (isText ? area.textSize : part.size));
    if (!found) return undefined;
    const value = table.values[found.at]!;
    if (value < part.base) return undefined;
    const size = isText || !this.#isOldStyle ? found.next - value : area.textSize - (value - part.base) - (part.isReadOnly ? 0 : area.zoneSize);
    return { name: table.name(found.at), offset: address - value, size, module: module.name };
  }
  addressOf(name: string): Ptr | undefined {
    const table = this.#table;
    for (let at = 1; at < table.count; at++) if (table.letters[at] !== UNDEFINED_LETTER && table.sections[at] !== SHN_UNDEF && table.hasName(at, name)) return table.values[at];
    return undefined;
  }
  /** In the order of the symbol table; unnamed ones left out. */
  *list(): Iterable<ModuleSymbol> {
    const table = this.#table;
    for (let at = 0; at < table.count; at++) {
      if (!table.isNamed(at)) continue;
      const isUndefined = table.sections[at] === SHN_UNDEF;
      if (isUndefined && !this.#isOldStyle) continue;
      yield { name: table.name(at), address: table.values[at]!, letter: String.fromCharCode(table.letters[at]!), isUndefined };
    }
  }
}
