// Finding the symbols that a module imports: kernel first, then modules, newest first, with the checks that follow a hit in
// Linux's order (spec 4): proprietary owner, CRC, namespace, dependency on the owner. Every failure is logged; the error of the
// last one counts.

import type { ErrnoName } from '../../abi/errno.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { LoadedModule } from './loaded-module.ts';
import { KERN_ERR, KERN_WARNING, type LoadReport } from './load-report.ts';
import type { SymbolVersions } from './versions.ts';
import { compareVersion, versionComplaint } from './versions.ts';

/** A symbol of the kernel that is implemented and exported. */
export interface KernelExport { readonly address: Ptr; readonly crc: number | undefined; readonly isGplOnly: boolean; readonly namespace: string }
export type KernelExports = (name: string) => KernelExport | undefined;

export interface SymbolHit extends KernelExport { readonly owner: LoadedModule | null }
/** A hit as far as judging it needs the owner. */
export interface JudgedHit extends KernelExport { readonly owner: { readonly name: string; readonly taints: { has(letter: 'P'): boolean } } | null }

/** The importing side, as far as the checks need it. */
export interface Importer {
  /** From struct module; lines about CRCs use `infoName`. */
  readonly name: string;
  readonly infoName: string;
  readonly versions: SymbolVersions | undefined;
  readonly namespaces: readonly string[];
  isProprietary(): boolean;
  isUsingGplOnly(): boolean;
  useGplOnly(): void;
  inheritProprietary(): void;
  /** The module has no versions at all: taints it. */
  forceVersions(symbol: string): void;
}

/** Modules that can provide symbols, newest first. */
export type Providers = Iterable<LoadedModule>;

/** Looks `name` up as Linux's find_symbol does; a GPL-only symbol does not exist for those that may not use it. */
export function findSymbol(name: string, isGplAllowed: boolean, kernel: KernelExports, providers: Providers): SymbolHit | undefined {
  const own = kernel(name);
  if (own && (isGplAllowed || !own.isGplOnly)) return { address: own.address, crc: own.crc, isGplOnly: own.isGplOnly, namespace: own.namespace, owner: null };
  for (const module of providers) {
    const hit = module.exports.get(name);
    if (hit && (isGplAllowed || !hit.isGplOnly)) return { address: hit.address, crc: hit.crc, isGplOnly: hit.isGplOnly, namespace: hit.namespace, owner: module };
  }
  return undefined;
}

/** Why a hit cannot be used; ENOENT means as if it did not exist. */
export type Refusal = Extract<ErrnoName, 'ENOENT' | 'EINVAL'>;

/** Applies the checks that need no waiting. Changes the importer's taint as Linux does. */
export function admitSymbol(name: string, hit: JudgedHit, importer: Importer, report: LoadReport): Refusal | undefined {
  if (hit.isGplOnly) importer.useGplOnly();
  if (hit.owner?.taints.has('P')) {
    if (importer.isUsingGplOnly()) {
      report.issue(KERN_ERR, `${importer.name}: module using GPL-only symbols uses symbols ${name} from proprietary module ${hit.owner.name}.`, name);
      return 'ENOENT';
    }
    if (!importer.isProprietary()) {
      report.note(KERN_WARNING, `${importer.name}: module uses symbols ${name} from proprietary module ${hit.owner.name}, inheriting taint.`);
      importer.inheritProprietary();
    }
  }
  const verdict = compareVersion(importer.versions, name, hit.crc);
  if (verdict === 'unversioned') importer.forceVersions(name);
  if (verdict === 'different' || verdict === 'missing') {
    report.issue(KERN_WARNING, versionComplaint(verdict, importer.infoName, name), name);
    return 'EINVAL';
  }
  if (hit.namespace !== '' && !importer.namespaces.includes(hit.namespace)) {
    report.issue(KERN_ERR, `${importer.name}: module uses symbol (${name}) from namespace ${hit.namespace}, but does not import it.`, name);
    return 'EINVAL';
  }
  return undefined;
}

/** Records that the importer depends on `owner`. Returns why it cannot; 'retry' after it has waited for the owner's init. */
export type Depend = (owner: LoadedModule) => Sleeping<'ENOENT' | 'EBUSY' | 'retry' | undefined>;

export interface Resolution { readonly hit: SymbolHit | undefined; readonly error: ErrnoName | undefined }

export function* resolveSymbol(name: string, importer: Importer, kernel: KernelExports, providers: Providers, depend: Depend, report: LoadReport): Sleeping<Resolution> {
  for (;;) {
    const hit = findSymbol(name, !importer.isProprietary(), kernel, providers);
    if (!hit) return { hit: undefined, error: 'ENOENT' };
    const refusal = admitSymbol(name, hit, importer, report);
    if (refusal) return { hit: undefined, error: refusal };
    if (!hit.owner) return { hit, error: undefined };
    const problem = yield* depend(hit.owner);
    if (problem === undefined) return { hit, error: undefined };
    if (problem !== 'retry') return { hit: undefined, error: problem };
  }
}

export const unknownSymbol = (moduleName: string, symbol: string, error: ErrnoName): string => `${moduleName}: Unknown symbol ${symbol} (err -${ERRNO[error]})`;
