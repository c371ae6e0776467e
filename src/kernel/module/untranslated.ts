// Which instructions of a module file have no translation, for `kobox check`: every function is decoded and lifted as the
// processor would, on a copy of its sections that is linked to made-up addresses.

import { KERNEL_BASE } from '../../base/ptr.ts';
import { R_X86_64_32, R_X86_64_32S, R_X86_64_64, R_X86_64_PC32, R_X86_64_PC64, R_X86_64_PLT32, SHF_ALLOC, SHF_EXECINSTR, SHN_UNDEF, SHT_NOBITS, SHT_SYMTAB, STT_FUNC } from '../../elf/constants.ts';
import { type Elf64, type ElfSection, type ElfSymbols, parseElf64 } from '../../elf/elf64.ts';
import type { FunctionBounds, SpecialTarget } from '../../cpu/api.ts';
import { Decoder } from '../../x86/decoder.ts';
import { type LiftEnv, surveyFunction } from '../../x86/lift-function.ts';
import { splitSignature } from './signature.ts';

export interface UntranslatedInstruction {
  readonly mnemonic: string;
  readonly function: string;
  /** Offset of the first one in the function. */
  readonly offset: number;
  readonly count: number;
}

export interface TranslationSurvey {
  readonly nrFunctions: number;
  readonly nrInstructions: number;
  /** Functions without any of `untranslated`. */
  readonly nrTranslated: number;
  readonly untranslated: readonly UntranslatedInstruction[];
}

/** What a symbol of the kernel is to the lifter; undefined for an ordinary function. */
export type ThunkOf = (symbol: string) => SpecialTarget | undefined;

const SECTION_GAP = 0x1000;

class LinkedCopy implements LiftEnv {
  readonly decoder = new Decoder();
  readonly functions: FunctionBounds[] = [];
  readonly #sections: { readonly base: number; readonly bytes: Uint8Array }[] = [];
  readonly #thunks = new Map<number, SpecialTarget>();
  readonly #noReturn = new Set<number>();
  readonly #baseOf = new Map<number, number>();
  #next = KERNEL_BASE + 0x0200_0000;

  constructor(elf: Elf64, thunkOf: ThunkOf, noReturn: ReadonlySet<string>) {
    const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
    if (!table || !elf.sections[table.link]) return;
    const symbols = elf.symbols(table);
    for (const section of elf.sections) if ((section.flags & SHF_ALLOC) !== 0) this.#place(section, elf);
    const values = this.#values(elf, symbols, thunkOf, noReturn);
    for (const section of elf.sections) if (section.type === 4) this.#relocate(elf, section, symbols.count, values);
    this.functions.sort((a, b) => a.address - b.address);
  }

  readBytes(addr: number): Uint8Array | undefined {
    const section = this.#sections.find(({ base, bytes }) => addr >= base && addr < base + bytes.length);
    return section?.bytes.subarray(addr - section.base);
  }
  special(addr: number): SpecialTarget | undefined { return this.#thunks.get(addr); }
  isNoReturn(addr: number): boolean { return this.#noReturn.has(addr); }
  functionAt(addr: number): FunctionBounds | undefined {
    let low = 0;
    let high = this.functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.functions[middle]!.address <= addr) low = middle + 1;
      else high = middle;
    }
    const candidate = this.functions[low - 1];
    return candidate && addr < candidate.address + candidate.size ? candidate : undefined;
  }

  #place(section: ElfSection, elf: Elf64): void {
    this.#baseOf.set(section.index, this.#next);
    if ((section.flags & SHF_EXECINSTR) !== 0 && section.type !== SHT_NOBITS) this.#sections.push({ base: this.#next, bytes: new Uint8Array(elf.content(section)) });
    this.#next += Math.ceil(section.size / SECTION_GAP) * SECTION_GAP + SECTION_GAP;
  }
  #values(elf: Elf64, symbols: ElfSymbols, thunkOf: ThunkOf, noReturn: ReadonlySet<string>): Float64Array {
    const values = new Float64Array(symbols.count);
    let imported = KERNEL_BASE + 0x0100_0000;
    for (let i = 1; i < symbols.count; i++) {
      const section = symbols.section(i);
      if (section === SHN_UNDEF) {
        values[i] = imported;
        const name = symbols.name(i);
        const thunk = thunkOf(name);
        if (thunk) this.#thunks.set(imported, thunk);
        if (noReturn.has(name)) this.#noReturn.add(imported);
        imported += 16;
        continue;
      }
      const base = this.#baseOf.get(section);
      if (base === undefined) continue;
      values[i] = base + symbols.value(i);
      if (symbols.type(i) === STT_FUNC && symbols.size(i) > 0 && (elf.sections[section]!.flags & SHF_EXECINSTR) !== 0) {
        this.functions.push({ address: values[i]!, size: symbols.size(i), name: symbols.name(i) });
      }
    }
    return values;
  }
  #relocate(elf: Elf64, section: ElfSection, nrSymbols: number, values: Float64Array): void {
    const base = this.#baseOf.get(section.info);
    const copy = base === undefined ? undefined : this.#sections.find((candidate) => candidate.base === base);
    if (!copy || base === undefined) return;
    const view = new DataView(copy.bytes.buffer);
    const table = elf.relocations(section);
    for (let i = 0; i < table.count; i++) {
      const place = table.offset(i);
      const symbol = table.symbol(i);
      if (symbol >= nrSymbols || place + 4 > copy.bytes.length) continue;
      const value = values[symbol]! + table.addend(i);
      switch (table.type(i)) {
        case R_X86_64_PC32: case R_X86_64_PLT32: view.setInt32(place, value - (base + place), true); break;
        case R_X86_64_32: case R_X86_64_32S: view.setInt32(place, value, true); break;
        case R_X86_64_64: case R_X86_64_PC64: if (place + 8 <= copy.bytes.length) view.setBigInt64(place, BigInt(value), true); break;
      }
    }
  }
}

/** `noReturn` names functions of the kernel that do not come back. ElfError for a file that is no ELF64 object. */
export function surveyModule(bytes: Uint8Array, thunkOf: ThunkOf, noReturn: ReadonlySet<string>): TranslationSurvey {
  const code = new LinkedCopy(parseElf64(splitSignature(bytes)?.image ?? bytes), thunkOf, noReturn);
  const untranslated: UntranslatedInstruction[] = [];
  let nrInstructions = 0;
  let nrTranslated = 0;
  let previous = Number.NaN;
  let nrFunctions = 0;
  for (const { address, name } of code.functions) {
    if (address === previous) continue; // An alias of the one before.
    previous = address;
    nrFunctions++;
    const survey = surveyFunction(code, address);
    nrInstructions += survey.nrInsns;
    if (survey.untranslated.size === 0) nrTranslated++;
    for (const [mnemonic, places] of survey.untranslated) untranslated.push({ mnemonic, function: name, offset: Math.min(...places) - address, count: places.length });
  }
  return { nrFunctions, nrInstructions, nrTranslated, untranslated };
}
