// Loading, naming and unloading modules: the door through which the rest of the kernel, and the library, use this folder.
// Linux: kernel/module/.

import { hex16, type Ptr } from '../../base/ptr.ts';
import { MemoryFault } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { Errno } from '../errors.ts';
import type { SymbolInfo, Symbols } from '../services.ts';
import { type BugEntry, findBug } from './bug-table.ts';
import { ModuleContext, type ModuleSystemDeps, type UnloadedModule } from './context.ts';
import type { ExceptionFixup } from './exception-table.ts';
import { formed } from './imports.ts';
import { loadModule, type ParameterSource } from './load.ts';
import type { LoadedModule } from './loaded-module.ts';
import type { LoadObserver } from './observer.ts';
import { flagsOf, procModulesLine } from './proc-modules.ts';
import { STATE } from './struct-module.ts';
import { SysModule } from './sysfs-view.ts';
import { unloadModule } from './unload.ts';

/** One line of lsmod, as data. */
export interface ModuleInfo {
  readonly name: string;
  readonly state: 'live' | 'coming' | 'going';
  /** Address of its `struct module`. */
  readonly address: Ptr;
  readonly textAddress: Ptr;
  readonly coreSize: number;
  readonly initSize: number;
  readonly refcount: number;
  /** Modules that use its symbols, newest first. */
  readonly users: readonly string[];
  /** Modules whose symbols it uses. */
  readonly uses: readonly string[];
  /** Taint letters. */
  readonly taints: string;
  readonly exports: readonly string[];
  readonly version: string | undefined;
}

const STATES: Readonly<Record<number, ModuleInfo['state']>> = { [STATE.LIVE]: 'live', [STATE.COMING]: 'coming', [STATE.GOING]: 'going' };
const KNOWN_FLAGS = 7;
const COMPRESSED_FILE = 4;

export class ModuleSystem implements Symbols {
  /** For the parts of this folder and for its exports. */
  readonly context: ModuleContext;
  readonly sysModule: SysModule;

  constructor(deps: ModuleSystemDeps) {
    this.context = new ModuleContext(deps);
    this.sysModule = new SysModule(this.context);
    this.context.notifiers.listen(1, (event, module) => {
      if (event === STATE.COMING) this.context.jumpLabels.addModule(module);
      else if (event === STATE.GOING) this.context.jumpLabels.removeModule(module);
      return 0;
    });
  }

  set observer(observer: LoadObserver | undefined) { this.context.observer = observer; }

  /** finit_module(2) on an uncompressed image. Throws LoadError or Errno; TaskKilled when init oopsed. */
  *insmod(bytes: Uint8Array, parameters: ParameterSource = '', flags = 0): Sleeping<void> {
    if (this.context.isDisabled) throw new Errno('EPERM', 'loading modules is disabled');
    if ((flags & ~KNOWN_FLAGS) !== 0) throw new Errno('EINVAL', 'unknown flags');
    if ((flags & COMPRESSED_FILE) !== 0) throw new Errno('EOPNOTSUPP', 'the image must be decompressed before');
    yield* this.#guarded(loadModule(this.context, bytes, parameters, flags));
  }
  /** delete_module(2). */
  *rmmod(name: string, flags = 0): Sleeping<void> {
    if (this.context.isDisabled) throw new Errno('EPERM', 'unloading modules is disabled');
    yield* this.#guarded(unloadModule(this.context, name, flags));
  }
  /** The kernel's own accesses to module memory fault as a module's do. */
  *#guarded<T>(work: Sleeping<T>): Sleeping<T> {
    try {
      return yield* work;
    } catch (error) {
      if (error instanceof MemoryFault) return this.context.deps.oops(error);
      throw error;
    }
  }

  modules(): ModuleInfo[] { return formed(this.context).map((module) => this.#describe(module)); }
  #describe(module: LoadedModule): ModuleInfo {
    return {
      name: module.name, state: STATES[this.context.state(module)] ?? 'live', address: module.address, textAddress: module.textAddress,
      coreSize: module.coreSize, initSize: module.initSize, refcount: this.context.references.count(module.address),
      users: module.users.map((user) => user.name), uses: module.uses.map((owner) => owner.name),
      taints: module.taints.letters, exports: [...module.exports.keys()], version: module.version,
    };
  }
  find(name: string): LoadedModule | undefined { return this.context.list.find(name); }
  /** The module whose memory holds `address`, also one that hides from the list. */
  findModuleByAddress(address: Ptr): LoadedModule | undefined { return this.context.list.byAddressInside(address); }
  get lastUnloaded(): UnloadedModule | undefined { return this.context.lastUnloaded; }

  symbolize(address: Ptr): SymbolInfo | undefined {
    const symbol = this.context.deps.image.textSymbolAt(address);
    if (symbol) return { name: symbol.name, offset: address - symbol.address, size: symbol.size, module: null };
    const module = this.findModuleByAddress(address);
    return module?.kallsyms?.symbolize(address, module);
  }
  addressOf(name: string): Ptr | undefined {
    const colon = name.indexOf(':');
    if (colon > 0) return this.find(name.slice(0, colon))?.kallsyms?.addressOf(name.slice(colon + 1));
    const own = this.context.deps.image.lookup(name);
    if (own) return own.address;
    for (const module of formed(this.context)) {
      const address = module.kallsyms?.addressOf(name);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  /** True while a module that is being initialised may still write data that is sealed afterwards. */
  isUnsealed(address: Ptr): boolean {
    const module = this.findModuleByAddress(address);
    if (module === undefined || this.context.state(module) !== STATE.COMING) return false;
    return module.areas.some((area) => area.isSealedAfterInit(address));
  }

  /** The BUG or WARN site at a `ud2` of a module. */
  bugEntry(address: Ptr): BugEntry | undefined {
    const module = this.findModuleByAddress(address);
    return module && findBug(this.context.deps.ram, module.bugs, address);
  }
  exceptionFixup(address: Ptr): ExceptionFixup | undefined { return this.findModuleByAddress(address)?.exceptions?.find(address); }

  /** Text of /proc/modules. */
  procModules(): string {
    const shows = this.context.deps.options?.showsAddresses !== false;
    return formed(this.context).map((module) => procModulesLine(module, this.context.struct, this.context.references, shows)).join('');
  }
  /** `hello(OE) other(OE+) [last unloaded: third(OE)]`: the line of oops reports, without its heading. */
  linkedIn(): string {
    const names = formed(this.context).map((module) => `${module.name}${flagsOf(module, this.context.state(module))}`);
    const last = this.context.lastUnloaded;
    if (last) names.push(`[last unloaded: ${last.name}${last.flags}]`);
    return names.join(' ');
  }
  /** Text of /proc/dynamic_debug/control. */
  dynamicDebugControl(): string { return this.context.dynamicDebug.control(formed(this.context)); }
  /** A write to it: EINVAL when a query is malformed (the log says how). */
  writeDynamicDebugControl(queries: string): void {
    if (!this.context.dynamicDebug.execute(queries, formed(this.context))) throw new Errno('EINVAL', 'bad dynamic debug query');
  }
  /** Text of /proc/kallsyms: the kernel's symbols, then those of modules. */
  kallsyms(): string {
    const shows = this.context.deps.options?.showsAddresses !== false;
    const lines: string[] = [];
    for (const symbol of this.context.deps.image.symbols()) {
      const letter = symbol.kind === 'text' ? 'T' : symbol.kind === 'percpu' ? 'A' : 'D';
      lines.push(`${hex16(shows ? symbol.address : 0)} ${letter} ${symbol.name}\n`);
    }
    for (const module of formed(this.context)) {
      for (const { name, address, letter } of module.kallsyms?.list() ?? []) {
        const own = module.exports.get(name);
        const isExported = own !== undefined && !own.isGplOnly && own.address === address;
        lines.push(`${hex16(shows ? address : 0)} ${isExported ? letter.toUpperCase() : letter.toLowerCase()} ${name}\t[${module.name}]\n`);
      }
    }
    return lines.join('');
  }
}
