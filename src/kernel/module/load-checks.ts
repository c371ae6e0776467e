// The loader's judgements on what `.modinfo` and `__versions` say (spec 1.5 steps 4-6, 3): refusals, and taints with their lines.
// In 6.1 each check taints where it stands; 6.12 taints in one place, once the name is reserved.

import type { ModuleContext } from './context.ts';
import { KERN_ERR, KERN_NOTICE, KERN_WARNING, type LoadReport } from './load-report.ts';
import type { ModuleFile } from './module-file.ts';
import type { TaintSet } from './module-taints.ts';
import { isGplCompatible, isSameMagic } from './modinfo.ts';
import { compareVersion, type SymbolVersions, versionComplaint } from './versions.ts';

export const IGNORE_MODVERSIONS = 1;
export const IGNORE_VERMAGIC = 2;

export function checkBlacklist(context: ModuleContext, file: ModuleFile, report: LoadReport): void {
  if (context.blacklist.has(file.infoName)) throw report.refuse('EPERM', KERN_ERR, `Module ${file.infoName} is blacklisted`);
}

/** The kernel's `module_layout` has a CRC over the types that modules share with the loader. */
export function checkLayoutVersion(context: ModuleContext, file: ModuleFile, versions: SymbolVersions | undefined, taints: TaintSet, report: LoadReport): void {
  const verdict = compareVersion(versions, 'module_layout', context.deps.abi.exportedSymbol('module_layout')?.crc);
  if (verdict === 'unversioned') context.tainter.force(taints, file.name, 'module_layout', report);
  if (verdict === 'different' || verdict === 'missing') throw report.refuse('ENOEXEC', KERN_WARNING, versionComplaint(verdict, file.infoName, 'module_layout'));
}

/** What the version magic should be, when it is not; undefined when it fits or is not looked at. */
export function magicMismatch(file: ModuleFile, kernelMagic: string, hasVersions: boolean): string | undefined {
  const magic = file.info.get('vermagic');
  if (magic === undefined || isSameMagic(magic, kernelMagic, hasVersions)) return undefined;
  return `${file.name}: version magic '${magic}' should be '${kernelMagic}'`;
}

export function checkMagic(context: ModuleContext, file: ModuleFile, flags: number, hasVersions: boolean, taints: TaintSet, report: LoadReport): void {
  if ((flags & IGNORE_VERMAGIC) !== 0 || !file.info.has('vermagic')) {
    context.tainter.force(taints, file.name, 'bad vermagic', report);
    return;
  }
  const mismatch = magicMismatch(file, context.deps.abi.vermagic, hasVersions);
  if (mismatch !== undefined) throw report.refuse('ENOEXEC', KERN_ERR, mismatch);
}

export const licenseOf = (file: ModuleFile): string => file.info.get('license') ?? 'unspecified';

/** Taints for where the module comes from and what it says of itself. */
export function taintByInfo(context: ModuleContext, file: ModuleFile, taints: TaintSet, report: LoadReport): void {
  const { tainter } = context;
  const { info, name } = file;
  if (!info.has('intree')) {
    if (!tainter.kernelHas('O')) report.note(KERN_WARNING, `${name}: loading out-of-tree module taints kernel.`);
    tainter.module(taints, 'O', report);
  }
  if (!info.has('retpoline') && context.deps.options?.isRetpolineActive === true) {
    report.note(KERN_ERR, 'Spectre V2 : System may be vulnerable to spectre v2');
    report.note(KERN_WARNING, `${name}: loading module not compiled with retpoline compiler.`);
  }
  if (info.has('staging')) {
    tainter.module(taints, 'C', report);
    report.note(KERN_WARNING, `${name}: module is from the staging directory, the quality is unknown, you have been warned.`);
  }
  if (info.has('livepatch')) {
    tainter.module(taints, 'K', report);
    tainter.once('livepatch', KERN_NOTICE, `${name}: tainting kernel with TAINT_LIVEPATCH`, report);
  }
  taintByLicense(context, file, taints, report);
  if (info.has('test')) {
    if (!tainter.kernelHas('N')) report.note(KERN_WARNING, `${name}: loading test module taints kernel.`);
    tainter.module(taints, 'N', report);
  }
}

function taintByLicense(context: ModuleContext, file: ModuleFile, taints: TaintSet, report: LoadReport): void {
  const license = licenseOf(file);
  if (isGplCompatible(license)) return;
  if (!context.tainter.kernelHas('P')) report.note(KERN_WARNING, `${file.name}: module license '${license}' taints kernel.`);
  context.tainter.module(taints, 'P', report);
}

/**
 * Modules whose names Linux knows not to be what their licence says. `wasProprietary`: whether the kernel carried P before; 6.1
 * asks right before this, 6.12 before it looks at the licence.
 */
export function taintByName(context: ModuleContext, file: ModuleFile, taints: TaintSet, wasProprietary: boolean, report: LoadReport): void {
  if (file.name === 'ndiswrapper') context.tainter.kernel('P', report);
  if (file.name === 'driverloader' || file.name === 'lve') context.tainter.module(taints, 'P', report);
  if (!wasProprietary && context.tainter.kernelHas('P')) report.note(KERN_WARNING, `${file.name}: module license taints kernel.`);
}

export function taintUnsigned(context: ModuleContext, file: ModuleFile, taints: TaintSet, report: LoadReport): void {
  context.tainter.once('unsigned', KERN_NOTICE, `${file.name}: module verification failed: signature and/or required key missing - tainting kernel`, report);
  context.tainter.module(taints, 'E', report);
}
