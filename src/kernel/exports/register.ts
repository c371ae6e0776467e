// Puts the export tables into the kernel image: text slots with host functions, variables, and the list that the module
// loader resolves imports from. A table that names what the kernel release does not export, or declares other parameters
// than the prototype has, is found by `checkExports`.

import type { Abi, ExportedSymbol } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import type { KernelImage } from '../image.ts';
import type { PerCpu } from '../services.ts';
import type { ExportEntry, ExportTable, Sleeps } from './define.ts';
import { expectedArity, hostFunction } from './glue.ts';

/** Tables by the folder that holds them: `{ 'kernel/printk': printkExports(...) }`. */
export type ExportTables = Readonly<Record<string, ExportTable>>;
/** The same, each made when a symbol is looked for in it: a boot does not pay for tables that no module needs. */
export type ExportTableMakers = Readonly<Record<string, () => ExportTable>>;

export interface ResolvedExport {
  readonly name: string;
  /** For a per-CPU variable: offset from the GS base. */
  readonly address: Ptr;
  /** CRC of modversions; undefined when the ABI has none. */
  readonly crc: number | undefined;
  readonly isGplOnly: boolean;
  readonly namespace: string;
}

/** Imports of modules resolve here first. */
export interface KernelExports {
  resolve(name: string): ResolvedExport | undefined;
  all(): Iterable<ResolvedExport>;
}

export interface ExportParts {
  readonly image: KernelImage;
  readonly cpu: Cpu;
  readonly abi: Abi;
  readonly ram: Ram;
  readonly perCpu: PerCpu;
}

/**
 * No table is made and nothing is placed before somebody asks for it, so that a boot costs no more than what its modules import.
 * Tables are searched in the order given: those that every module needs come first. `checkExports` says whether the tables fit
 * the release; a test runs it over the whole kernel.
 */
export function registerExports(makers: ExportTableMakers, parts: ExportParts): KernelExports {
  const placed = new Map<string, ResolvedExport | undefined>();
  const waiting = Object.values(makers);
  const made: ExportTable[] = [];
  const makeNext = (): ExportTable | undefined => {
    const table = waiting.shift()?.();
    if (table) made.push(table);
    return table;
  };
  const find = (name: string): ExportEntry | undefined => {
    for (const table of made) if (Object.hasOwn(table, name)) return table[name];
    for (let table = makeNext(); table; table = makeNext()) if (Object.hasOwn(table, name)) return table[name];
    return undefined;
  };
  const resolve = (name: string): ResolvedExport | undefined => {
    if (placed.has(name)) return placed.get(name);
    // What the release does not export is in no table, or in one that is written for another release.
    const symbol = parts.abi.exportedSymbol(name);
    const entry = symbol && find(name);
    const found = entry && { name, address: place(name, entry, parts), crc: symbol.crc, isGplOnly: symbol.isGplOnly, namespace: symbol.namespace };
    placed.set(name, found);
    return found;
  };
  return {
    resolve,
    *all() {
      while (makeNext());
      for (const table of made) {
        for (const name of Object.keys(table)) {
          const found = resolve(name);
          if (found) yield found;
        }
      }
    },
  };
}

function place(name: string, entry: ExportEntry, { image, cpu, abi, ram, perCpu }: ExportParts): Ptr {
  switch (entry.kind) {
    case 'function': {
      const address = image.text(name);
      cpu.defineHostFunction(address, name, hostFunction(name, entry, abi.prototype(name), ram));
      return address;
    }
    case 'raw': {
      const address = image.text(name);
      cpu.defineHostFunction(address, name, entry.handler);
      return address;
    }
    case 'special': {
      const address = image.text(name);
      cpu.defineSpecialTarget(address, entry.target);
      return address;
    }
    case 'data': {
      if (entry.perCpu) return placePerCpu(name, entry.sizeBytes, entry.align, entry.init, image, abi, perCpu);
      const address = image.data(name, entry.sizeBytes, entry.align);
      entry.init(address);
      return address;
    }
    case 'address':
      image.define({ name, address: entry.address, size: abi.perCpuVariable(name)?.sizeBytes ?? 8, kind: entry.perCpu ? 'percpu' : 'data' });
      return entry.address;
  }
}

function placePerCpu(name: string, size: number, align: number, init: (addr: Ptr) => void, image: KernelImage, abi: Abi, perCpu: PerCpu): Ptr {
  const offset = abi.perCpuVariable(name)?.offset ?? perCpu.alloc(size, align);
  for (let cpu = 0; cpu < perCpu.nrCpus; cpu++) init(perCpu.address(offset, cpu));
  image.define({ name, address: offset, size, kind: 'percpu' });
  return offset;
}

/** The release that unmarked entries are written for; an entry it does not export is a mistake. */
const REFERENCE_RELEASE = [6, 1] as const;

/**
 * What is wrong with the tables for this release, one line each. An entry that this release does not export is skipped when it
 * is marked with another range of releases, or when this is not the reference release (the symbol went away since).
 */
export function checkExports(tables: ExportTables, abi: Abi): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  for (const [folder, table] of Object.entries(tables)) {
    for (const [name, entry] of Object.entries(table)) {
      const other = seen.get(name);
      if (other !== undefined) problems.push(`${name} is declared in ${other} and in ${folder}`);
      seen.set(name, folder);
      const problem = checkEntry(name, entry, abi);
      if (problem !== undefined) problems.push(`${folder}: ${problem}`);
    }
  }
  return problems;
}

function checkEntry(name: string, entry: ExportEntry, abi: Abi): string | undefined {
  if (!abi.exportedSymbol(name)) return isExpected(entry, abi) ? `${abi.release} does not export ${name}` : undefined;
  if (entry.kind !== 'function') return undefined;
  const arity = expectedArity(abi, name);
  if (arity === undefined || arity === entry.handler.length) return undefined;
  return `${name} has ${arity} parameters in ${abi.release}, its handler ${entry.handler.length}`;
}

function isExpected(entry: ExportEntry, abi: Abi): boolean {
  if (entry.since) return compareReleases(abi.kernelVersion, entry.since) >= 0;
  return compareReleases(abi.kernelVersion, REFERENCE_RELEASE) === 0;
}

const compareReleases = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0] || a[1] - b[1];

/** One row of docs/compatibility.md. */
export interface ExportRow {
  readonly symbol: string;
  readonly folder: string;
  readonly kind: ExportEntry['kind'];
  readonly sleeps: Sleeps | '-';
  readonly isGplOnly: boolean;
  readonly isInRelease: boolean;
}

export function exportRows(tables: ExportTables, abi: Abi): ExportRow[] {
  const rows = Object.entries(tables).flatMap(([folder, table]) => Object.entries(table).map(([symbol, entry]): ExportRow => {
    const exported: ExportedSymbol | undefined = abi.exportedSymbol(symbol);
    const sleeps = 'sleeps' in entry ? entry.sleeps : '-';
    return { symbol, folder, kind: entry.kind, sleeps, isGplOnly: exported?.isGplOnly ?? false, isInRelease: exported !== undefined };
  }));
  return rows.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
}
