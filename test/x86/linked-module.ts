// A .ko laid out in memory for decoder and lifter tests: executable sections one after the other, branches to other symbols
// resolved (undefined ones to made-up addresses), nothing else relocated. Far less than a loader: only control flow is right.

import { SHF_ALLOC, SHF_EXECINSTR, SHT_RELA, SHT_SYMTAB } from '../../src/elf/constants.ts';
import { type Elf64, type ElfSection, parseElf64 } from '../../src/elf/elf64.ts';
import { KERNEL_BASE } from '../../src/base/ptr.ts';
import { REGISTER_NAMES } from '../../src/ir/ir.ts';
import type { LiftEnv } from '../../src/x86/lift-function.ts';

const R_X86_64_PC32 = 2, R_X86_64_PLT32 = 4;
const STT_FUNC = 2;
const MODULE_BASE = KERNEL_BASE + 0xc000000;
const KERNEL_TEXT = KERNEL_BASE + 0x1000000;

export interface TestFunction { readonly address: number; readonly size: number; readonly name: string }
export interface TestSection { readonly name: string; readonly base: number; readonly bytes: Uint8Array }

export class LinkedModule implements LiftEnv {
  readonly functions: TestFunction[] = [];
  readonly sections: TestSection[] = [];
  private readonly bases = new Map<number, number>();
  private readonly externals = new Map<string, number>();
  private readonly externalNames = new Map<number, string>();

  constructor(file: Uint8Array) {
    const elf = parseElf64(file);
    let base = MODULE_BASE;
    for (const section of elf.sections) {
      if ((section.flags & (SHF_ALLOC | SHF_EXECINSTR)) !== (SHF_ALLOC | SHF_EXECINSTR)) continue;
      this.bases.set(section.index, base);
      this.sections.push({ name: elf.nameOf(section), base, bytes: elf.content(section).slice() });
      base += Math.ceil((section.size + 64) / 4096) * 4096;
    }
    const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
    if (!table) return;
    const symbols = elf.symbols(table);
    for (let i = 0; i < symbols.count; i++) {
      const at = this.bases.get(symbols.section(i));
      if (at === undefined || symbols.type(i) !== STT_FUNC) continue;
      this.functions.push({ address: at + symbols.value(i), size: symbols.size(i), name: symbols.name(i) });
    }
    this.functions.sort((a, b) => a.address - b.address);
    for (const section of elf.sections) if (section.type === SHT_RELA) this.relocate(elf, section, symbols);
  }

  private relocate(elf: Elf64, section: ElfSection, symbols: ReturnType<Elf64['symbols']>): void {
    const at = this.bases.get(section.info);
    const target = this.sections.find((s) => s.base === at);
    if (at === undefined || !target) return;
    const view = new DataView(target.bytes.buffer);
    const relocations = elf.relocations(section);
    for (let i = 0; i < relocations.count; i++) {
      const type = relocations.type(i);
      if (type !== R_X86_64_PC32 && type !== R_X86_64_PLT32) continue;
      const symbol = relocations.symbol(i);
      const index = symbols.section(symbol);
      const base = this.bases.get(index);
      const value = index === 0 ? this.external(symbols.name(symbol)) : base === undefined ? KERNEL_BASE + 0x8000000 : base + symbols.value(symbol);
      view.setInt32(relocations.offset(i), value + relocations.addend(i) - (at + relocations.offset(i)), true);
    }
  }
  private external(name: string): number {
    const known = this.externals.get(name);
    if (known !== undefined) return known;
    const address = KERNEL_TEXT + 16 * this.externals.size;
    this.externals.set(name, address);
    this.externalNames.set(address, name);
    return address;
  }

  readBytes(addr: number): Uint8Array | undefined {
    const section = this.sections.find((s) => addr >= s.base && addr < s.base + s.bytes.length);
    return section?.bytes.subarray(addr - section.base);
  }
  special(addr: number): ReturnType<LiftEnv['special']> {
    const name = this.externalNames.get(addr);
    if (name === '__fentry__') return { kind: 'nop' };
    if (name === '__x86_return_thunk') return { kind: 'return' };
    if (name?.startsWith('__x86_indirect_thunk_')) return { kind: 'indirect', reg: REGISTER_NAMES.indexOf(name.slice(21) as 'rax') };
    return undefined;
  }
  isNoReturn(addr: number): boolean { return /^(__stack_chk_fail|panic|do_exit|__fortify_panic|fortify_panic)$/.test(this.externalNames.get(addr) ?? ''); }
  functionAt(addr: number): TestFunction | undefined {
    let low = 0, high = this.functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.functions[middle]!.address <= addr) low = middle + 1;
      else high = middle;
    }
    const found = this.functions[low - 1];
    return found && addr < found.address + Math.max(1, found.size) ? found : undefined;
  }
}
