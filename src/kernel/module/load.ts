// insmod up to the call of init: the steps of the common loader in Linux's order (spec 1.5), each undone in reverse when a later one
// fails. Linux: kernel/module/main.c (load_module).

import type { Ptr } from '../../base/ptr.ts';
import { SHT_NOBITS, SHT_NULL } from '../../elf/constants.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { Errno } from '../errors.ts';
import { GFP_KERNEL } from '../services.ts';
import type { ModuleContext } from './context.ts';
import { initialiseStruct, writeStruct } from './fill-struct.ts';
import { freeModule } from './free.ts';
import { formed, symbolResolver } from './imports.ts';
import { runInit } from './init.ts';
import { LoadFailed } from './load-failed.ts';
import { layOut, isImpossible, type Layout, placeSections } from './layout.ts';
import { finishArchitecture, publishCode, readTables } from './link.ts';
import { checkBlacklist, checkLayoutVersion, checkMagic, IGNORE_MODVERSIONS, IGNORE_VERMAGIC, licenseOf, taintByInfo, taintByName, taintUnsigned } from './load-checks.ts';
import { KERN_ERR, KERN_WARNING, LoadReport } from './load-report.ts';
import { LoadedModule } from './loaded-module.ts';
import { acceptModule, type ModuleFile, refuseWritableCode, versionsOf } from './module-file.ts';
import { TaintSet } from './module-taints.ts';
import { observeRelocations, observeSections } from './observe.ts';
import { applyParameters } from './param-apply.ts';
import { relocateModule } from './relocate.ts';
import { findSymbol, type SymbolHit } from './resolve.ts';
import { checkSignature } from './signature.ts';
import { STATE } from './struct-module.ts';
import { computeSymbolValues } from './symbol-values.ts';
import { sysfsName } from './uevents.ts';
import type { SymbolVersions } from './versions.ts';

/** What one load carries from step to step. */
export interface Load {
  readonly context: ModuleContext;
  readonly report: LoadReport;
  readonly file: ModuleFile;
  readonly layout: Layout;
  readonly versions: SymbolVersions | undefined;
  readonly module: LoadedModule;
}

const hashOf = (context: ModuleContext): ((address: Ptr) => string) => context.deps.hashPointer ?? (() => '(____ptrval____)');

/** The parameter string, or how to copy it from user space at the moment Linux does. */
export type ParameterSource = string | (() => string);

export function* loadModule(context: ModuleContext, bytes: Uint8Array, parameters: ParameterSource, flags: number): Sleeping<LoadedModule> {
  const report = new LoadReport(context.deps.log);
  const isMangled = (flags & (IGNORE_MODVERSIONS | IGNORE_VERMAGIC)) !== 0;
  const signed = checkSignature(bytes, isMangled, context.isSignatureEnforced, context.deps.verifySignature, report);
  const file = acceptModule(signed.image, context.rules, report);
  const versions = (flags & IGNORE_MODVERSIONS) !== 0 ? undefined : versionsOf(file);
  const taints = new TaintSet();
  checkBlacklist(context, file, report);
  checkLayoutVersion(context, file, versions, taints, report);
  checkMagic(context, file, flags, versions !== undefined, taints, report);
  if (context.isNewer) yield* waitForName(context, file.name, report);
  else taintByInfo(context, file, taints, report);
  refuseWritableCode(file, report);

  const layout = layOut(file, context.isNewer);
  allocate(context, layout, report);
  placeSections(layout);
  copySections(context, file, layout);
  const module = new LoadedModule(file.name, layout.addressOf[file.thisModule.index]!, layout.areas, taints);
  if (file.elf.find('.debug_line')) module.debugFile = file.elf;
  const load: Load = { context, report, file, layout, versions, module };
  try {
    yield* waitForName(context, file.name, report);
  } catch (error) {
    if (error instanceof Errno) for (const area of layout.areas) area.free(context.deps.space);
    throw error;
  }
  context.struct.setState(module.address, STATE.UNFORMED);
  context.list.add(module);
  context.observer?.stateChanged?.(module.name, 'UNFORMED');
  try {
    yield* link(load, signed.isTrusted, parameters);
    yield* start(load);
  } catch (error) {
    if (error instanceof Errno && !(error instanceof LoadFailed)) freeModule(context, module);
    throw error;
  }
  return module;
}

/** Waits while a module of that name is being loaded; throws if one is there then. */
function* waitForName(context: ModuleContext, name: string, report: LoadReport): Sleeping<void> {
  let other = context.list.find(name, true);
  if (!other) return;
  const isLoading = (candidate: LoadedModule): boolean => { const state = context.state(candidate); return state === STATE.COMING || state === STATE.UNFORMED; };
  if (isLoading(other)) {
    const waited = other;
    const outcome = yield* context.deps.waits.wait(() => context.list.find(name, true) !== waited || !isLoading(waited), undefined, true);
    if (outcome === 'interrupted') throw refused(report, 'EINTR', `a module called ${name} is still being loaded`);
    other = context.list.find(name, true);
    if (!other || context.state(other) !== STATE.LIVE) throw refused(report, 'EBUSY', `loading another module called ${name} failed`);
  }
  if (context.state(other) === STATE.LIVE) throw refused(report, 'EEXIST', `module ${name} is loaded`);
  throw refused(report, 'EBUSY', `module ${name} is being unloaded`);
}

function refused(report: LoadReport, code: 'EINTR' | 'EBUSY' | 'EEXIST' | 'ENOMEM', why: string): Error {
  report.silentIssue(why);
  return report.error(code);
}

function allocate(context: ModuleContext, layout: Layout, report: LoadReport): void {
  const done = [];
  for (const area of layout.areas) {
    if (!isImpossible(layout) && area.allocate(context.deps.space)) {
      done.push(area);
      continue;
    }
    for (const earlier of done) earlier.free(context.deps.space);
    throw refused(report, 'ENOMEM', `no memory for ${area.size} bytes of ${area.name}`);
  }
}

function copySections(context: ModuleContext, file: ModuleFile, layout: Layout): void {
  const { ram } = context.deps;
  for (let i = 1; i < layout.areaOf.length; i++) {
    if (layout.areaOf[i] === -1) continue;
    const section = file.elf.sections[i]!;
    if (section.type === SHT_NOBITS || section.type === SHT_NULL || section.size === 0) continue;
    const at = ram.offset(layout.addressOf[i]!, section.size, true);
    ram.u8.set(file.elf.bytes.subarray(section.offset, section.offset + section.size), at);
  }
}

/** Everything between the reserved name and the finished image in memory. */
function* link(load: Load, isTrusted: boolean, parameters: ParameterSource): Sleeping<void> {
  const { context, file, layout, module, report } = load;
  const { struct } = context;
  const wasProprietary = context.tainter.kernelHas('P');
  if (context.isNewer) taintByInfo(context, file, module.taints, report);
  struct.setFlag(module.address, 'sig_ok', isTrusted);
  if (!isTrusted) taintUnsigned(context, file, module.taints, report);
  initialiseStruct(load);
  allocatePerCpu(load);
  context.references.initialise(module);
  readTables(load);
  taintByName(context, file, module.taints, wasProprietary, report);
  module.license = licenseOf(file);
  module.importedNamespaces = file.info.all('import_ns');
  keepStrings(load);
  observeSections(load);

  const values = yield* computeSymbolValues(file, module.name, layout, module.perCpuOffset, symbolResolver(load), report);
  relocateModule({
    ram: context.deps.ram, file, moduleName: module.name, layout, values, report, isStrict: context.isNewer,
    hashPointer: hashOf(context),
  });
  observeRelocations(load);
  finishArchitecture(load, values);
  setArguments(load, typeof parameters === 'string' ? parameters : parameters());
  refuseDuplicateExports(load);
  writeStruct(load);
  publishCode(load);
}

function keepStrings(load: Load): void {
  const { context: { deps, struct }, file, module, report } = load;
  for (const key of ['version', 'srcversion'] as const) {
    const text = file.info.get(key);
    if (text === undefined) continue;
    module[key] = text;
    const copy = deps.allocator.kmalloc(text.length + 1, GFP_KERNEL);
    if (copy === 0) throw refused(report, 'ENOMEM', `no memory for ${key}`);
    module.ownedStrings.push(copy);
    deps.ram.writeCString(copy, text);
    struct.setPointer(module.address, key, copy);
  }
}

function allocatePerCpu(load: Load): void {
  const { context: { deps, struct }, file, module, report } = load;
  const section = file.perCpu;
  if (!section || section.size === 0) return;
  let align = section.alignment;
  if (align > 4096) {
    report.note(KERN_WARNING, `${module.name}: per-cpu alignment ${align} > 4096`);
    align = 4096;
  }
  const size = section.size;
  module.perCpuOffset = size < 0x8000_0000 && (align & (align - 1)) === 0 ? deps.perCpu.alloc(size, Math.max(1, align)) : 0;
  if (module.perCpuOffset === 0) throw report.refuse('ENOMEM', KERN_WARNING, `${module.name}: Could not allocate ${size} bytes percpu data`);
  module.perCpuSize = size;
  struct.setPointer(module.address, 'percpu', module.perCpuOffset);
  struct.setU32(module.address, 'percpu_size', size);
}

function setArguments(load: Load, text: string): void {
  const { context: { deps, struct }, module, report } = load;
  module.argsAddress = deps.allocator.kmalloc(text.length + 1, GFP_KERNEL);
  if (module.argsAddress === 0) throw refused(report, 'ENOMEM', 'no memory for the parameters');
  deps.ram.writeCString(module.argsAddress, text);
  struct.setPointer(module.address, 'args', module.argsAddress);
}

function refuseDuplicateExports(load: Load): void {
  const { context, module, report } = load;
  if (module.exports.size === 0) return;
  const others = formed(context);
  for (const name of module.exports.keys()) {
    const hit: SymbolHit | undefined = findSymbol(name, true, context.deps.exports, others);
    const isKernels = hit ? hit.owner === null : context.deps.abi.exportedSymbol(name)?.owner === 'vmlinux';
    if (!hit && !isKernels) continue;
    throw report.refuse('ENOEXEC', KERN_ERR, `${module.name}: exports duplicate symbol ${name} (owned by ${hit?.owner?.name ?? 'kernel'})`);
  }
}

/** From COMING on: notifiers, parameters, sysfs, init. */
function* start(load: Load): Sleeping<void> {
  const { context, module, report } = load;
  const { struct } = context;
  struct.setState(module.address, STATE.COMING);
  context.observer?.stateChanged?.(module.name, 'COMING');
  const veto = yield* context.notifiers.announce(STATE.COMING, STATE.GOING, module);
  if (veto !== 0) {
    report.silentIssue('a module notifier refused the module');
    yield* leave(load, false);
    throw new LoadFailed(-veto, report.issues);
  }
  module.canHaveParameters = true;
  const text = module.argsAddress === 0 ? '' : context.deps.ram.cstring(module.argsAddress);
  module.isAsyncProbeRequested = context.isAsyncProbe;
  const error = text === '' ? 0 : yield* applyParameters(context, module, text, report);
  if (error < 0) {
    yield* leave(load, true);
    throw new LoadFailed(error, report.issues);
  }
  struct.setFlag(module.address, 'async_probe_requested', module.isAsyncProbeRequested);
  if (!enterSysfs(load)) {
    yield* leave(load, true);
    throw new LoadFailed(-22, report.issues);
  }
  yield* runInit(load);
}

/** False if /sys/module cannot have a directory of that name. */
function enterSysfs(load: Load): boolean {
  const { context, module, report } = load;
  const name = sysfsName(module.name);
  if (name === '') {
    const text = `kobject: (${hashOf(context)(module.address)}): attempted to be registered with empty name!`;
    context.deps.reporter.warn({ file: 'lib/kobject.c', line: context.isNewer ? 219 : 210, symbol: 'kobject_add_internal' }, text);
    report.silentIssue('the module has no name');
    return false;
  }
  if (name === 'module' || context.builtins.has(name)) {
    report.issue(KERN_ERR, `${module.name}: module is already loaded`);
    return false;
  }
  module.hasSysfs = true;
  return true;
}

/** A module that got as far as COMING and will not run: GOING, notifiers, everything freed. */
function* leave(load: Load, isAnnounced: boolean): Sleeping<void> {
  const { context, module } = load;
  context.struct.setState(module.address, STATE.GOING);
  context.observer?.stateChanged?.(module.name, 'GOING');
  if (isAnnounced) yield* context.notifiers.send(STATE.GOING, module);
  freeModule(context, module);
}
