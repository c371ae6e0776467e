// What the kernel knows of one module beyond the bytes of its `struct module`: where its parts lie, what it exports, whom it
// uses, and the tables that faults, static keys and parameters are looked up in.

import type { Ptr } from '../../base/ptr.ts';
import type { Elf64 } from '../../elf/elf64.ts';
import type { ExceptionTable } from './exception-table.ts';
import type { ModuleKallsyms } from './kallsyms.ts';
import type { Area } from './layout.ts';
import type { TaintSet } from './module-taints.ts';

export interface ModuleExport {
  readonly name: string;
  readonly address: Ptr;
  readonly crc: number | undefined;
  readonly isGplOnly: boolean;
  readonly namespace: string;
}

/** A table of records in RAM. */
export interface RecordTable { readonly address: Ptr; readonly count: number }
export const NO_RECORDS: RecordTable = { address: 0, count: 0 };

export interface ModuleNote { readonly name: string; readonly address: Ptr; readonly size: number }
export interface ModuleSection { readonly name: string; readonly address: Ptr }

export class LoadedModule {
  readonly name: string;
  /** Address of its `struct module` (THIS_MODULE). */
  readonly address: Ptr;
  readonly areas: readonly Area[];
  readonly taints: TaintSet;
  exports: ReadonlyMap<string, ModuleExport> = new Map();
  /** Modules whose symbols this one uses, in the order of first use. */
  readonly uses: LoadedModule[] = [];
  /** Modules that use this one, newest first. */
  readonly users: LoadedModule[] = [];
  kallsyms: ModuleKallsyms | undefined;
  parameters: RecordTable = NO_RECORDS;
  bugs: RecordTable = NO_RECORDS;
  jumpEntries: RecordTable = NO_RECORDS;
  staticCallSites: RecordTable = NO_RECORDS;
  /** pr_debug() sites. */
  debugSites: RecordTable = NO_RECORDS;
  exceptions: ExceptionTable | undefined;
  sections: readonly ModuleSection[] = [];
  notes: readonly ModuleNote[] = [];
  /** Its file, kept where that has debug information: crash reports name source lines. */
  debugFile: Elf64 | undefined;
  importedNamespaces: readonly string[] = [];
  license = '';
  version: string | undefined;
  srcversion: string | undefined;
  /** Guest copy of the parameter string; parameters point into it. */
  argsAddress: Ptr = 0;
  /** Guest strings of `version` and `srcversion`. */
  readonly ownedStrings: Ptr[] = [];
  perCpuOffset = 0;
  perCpuSize = 0;
  hasSysfs = false;
  /** From COMING on: its parameters may own memory. */
  canHaveParameters = false;
  /** `async_probe` was asked for: drivers may probe while the loader goes on. */
  isAsyncProbeRequested = false;
  /** Set while somebody holds its parameter mutex. */
  isParamLocked = false;

  constructor(name: string, address: Ptr, areas: readonly Area[], taints: TaintSet) {
    this.name = name;
    this.address = address;
    this.areas = areas;
    this.taints = taints;
  }
  contains(address: Ptr): boolean {
    for (const area of this.areas) if (area.contains(address)) return true;
    return false;
  }
  /** True if the address lies in memory that init's return frees. */
  isInInit(address: Ptr): boolean {
    for (const area of this.areas) if (area.isInit && area.contains(address)) return true;
    return false;
  }
  isInText(address: Ptr): boolean {
    for (const area of this.areas) if (address >= area.readOnlyBase && address < area.readOnlyBase + area.textSize) return true;
    return false;
  }
  get coreSize(): number { return this.areas.reduce((sum, area) => sum + (area.isInit ? 0 : area.size), 0); }
  get initSize(): number { return this.areas.reduce((sum, area) => sum + (area.isInit ? area.size : 0), 0); }
  /** Start of core text, as /proc/modules shows it. */
  get textAddress(): Ptr { return this.areas[0]!.base; }
}
