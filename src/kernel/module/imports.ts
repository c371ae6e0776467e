// The imports of a module that is being loaded: who it is to the checks of resolve.ts, whose symbols it may use, and the record of
// the use, which may have to wait for the other module's init (spec 4.2, 4.7).

import type { Sleeping } from '../../cpu/api.ts';
import type { ModuleContext } from './context.ts';
import type { Load } from './load.ts';
import { KERN_WARNING } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';
import { type Importer, resolveSymbol, type Resolution } from './resolve.ts';
import { STATE } from './struct-module.ts';
import type { Resolve } from './symbol-values.ts';

const OWNER_TIMEOUT_MS = 30_000;

/** Modules whose symbols others may use, newest first. */
export const formed = (context: ModuleContext): LoadedModule[] => context.list.all().filter((module) => context.state(module) !== STATE.UNFORMED);

export function symbolResolver(load: Load): Resolve {
  const { context, module, report, versions } = load;
  const { struct } = context;
  const importer: Importer = {
    name: module.name, infoName: load.file.infoName, versions, namespaces: module.importedNamespaces,
    isProprietary: () => module.taints.has('P'),
    isUsingGplOnly: () => struct.flag(module.address, 'using_gplonly_symbols'),
    useGplOnly: () => struct.setFlag(module.address, 'using_gplonly_symbols', true),
    inheritProprietary: () => context.tainter.module(module.taints, 'P', report),
    forceVersions: (symbol) => context.tainter.force(module.taints, module.name, symbol, report),
  };
  // The list changes only while this load waits for somebody.
  let others: LoadedModule[] | undefined;
  const providers = { [Symbol.iterator]: () => (others ??= formed(context)).values() };
  const depend = function* (owner: LoadedModule): Sleeping<'ENOENT' | 'EBUSY' | 'retry' | undefined> {
    const outcome = yield* dependOn(load, owner);
    if (outcome === 'retry') others = undefined;
    return outcome;
  };
  const observe = context.observer?.symbolResolved;
  const resolve = (name: string): Sleeping<Resolution> => resolveSymbol(name, importer, context.deps.exports, providers, depend, report);
  if (!observe) return resolve;
  return function* (name) {
    const resolution = yield* resolve(name);
    if (resolution.hit) observe.call(context.observer, module.name, name, resolution.hit.address, resolution.hit.owner?.name ?? 'kernel');
    return resolution;
  };
}

function* dependOn(load: Load, owner: LoadedModule): Sleeping<'ENOENT' | 'EBUSY' | 'retry' | undefined> {
  const { context, module, report } = load;
  if (module.uses.includes(owner)) return undefined;
  if (context.state(owner) === STATE.COMING) {
    const isOver = (): boolean => context.list.at(owner.address) !== owner || context.state(owner) !== STATE.COMING;
    if ((yield* context.deps.waits.wait(isOver, OWNER_TIMEOUT_MS, true)) === 'done') return 'retry';
    report.issue(KERN_WARNING, `${module.name}: gave up waiting for init of module ${owner.name}.`);
    return 'EBUSY';
  }
  return context.references.use(module, owner) ? undefined : 'ENOENT';
}
