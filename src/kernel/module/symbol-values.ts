// Final values of a module's symbols, before relocation (spec 2.5): undefined ones are resolved, the others move with their section.

import type { ErrnoName } from '../../abi/errno.ts';
import { SHN_ABS, SHN_COMMON, SHN_UNDEF, STB_WEAK } from '../../elf/constants.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { Layout } from './layout.ts';
import { KERN_ERR, KERN_WARNING, type LoadReport } from './load-report.ts';
import type { ModuleFile } from './module-file.ts';
import { type Resolution, unknownSymbol } from './resolve.ts';

const SHN_LIVEPATCH = 0xff20;
const EXACT = 2 ** 52;

/** Values by symbol index. Those that a double does not hold exactly (only broken files have any) are in `odd`. */
export class SymbolValues {
  readonly values: Float64Array;
  odd: Map<number, bigint> | undefined;
  constructor(count: number) { this.values = new Float64Array(count); }
  set(index: number, value: number): void { this.values[index] = value; }
  setBig(index: number, value: bigint): void {
    const wrapped = BigInt.asIntN(64, value);
    this.values[index] = Number(wrapped);
    if (Math.abs(Number(wrapped)) >= EXACT) (this.odd ??= new Map()).set(index, wrapped);
  }
  big(index: number): bigint { return this.odd?.get(index) ?? BigInt(this.values[index]!); }
}

export type Resolve = (name: string) => Sleeping<Resolution>;

/** Computes all values, reporting every symbol that cannot be had; throws the error of the last one. */
export function* computeSymbolValues(file: ModuleFile, moduleName: string, layout: Layout, perCpuOffset: number, resolve: Resolve, report: LoadReport): Sleeping<SymbolValues> {
  const { symbols, elf } = file;
  const result = new SymbolValues(symbols.count);
  const perCpuIndex = file.perCpu?.index ?? -1;
  let failure: ErrnoName | undefined;
  for (let i = 1; i < symbols.count; i++) {
    const section = symbols.section(i);
    if (section === SHN_UNDEF) {
      const name = symbols.name(i);
      const { hit, error } = yield* resolve(name);
      if (hit) result.set(i, hit.address);
      else if (error === 'ENOENT' && (symbols.binding(i) === STB_WEAK || name === '_GLOBAL_OFFSET_TABLE_')) result.set(i, 0);
      else {
        failure = error ?? 'ENOENT';
        report.issue(KERN_WARNING, unknownSymbol(moduleName, name, failure), name);
      }
      continue;
    }
    if (section === SHN_COMMON) {
      if (symbols.names.startsWith(symbols.nameOffset(i), '__gnu_lto')) continue;
      report.issue(KERN_WARNING, `${moduleName}: please compile with -fno-common`);
      failure = 'ENOEXEC';
      continue;
    }
    const isAbsolute = section === SHN_ABS || section === SHN_LIVEPATCH;
    if (!isAbsolute && section >= elf.sections.length) {
      report.issue(KERN_ERR, `${moduleName}: Symbol ${symbols.name(i)} has an invalid section index ${section} (max ${elf.sections.length - 1})`);
      failure = 'ENOEXEC';
      continue;
    }
    const base = isAbsolute ? 0 : section === perCpuIndex ? perCpuOffset : layout.addressOf[section]!;
    const value = symbols.value(i);
    if (Math.abs(value) < EXACT) result.set(i, value + base);
    else result.setBig(i, symbols.valueBig(i) + BigInt(base));
  }
  if (failure) throw report.error(failure);
  return result;
}
