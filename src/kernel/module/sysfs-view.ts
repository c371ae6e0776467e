// What /sys/module shows of modules (spec 7.3), as names and contents; a file system puts it into inodes. Paths are relative to
// /sys/module.

import { hex16 } from '../../base/ptr.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { Errno } from '../errors.ts';
import { errnoName } from '../../abi/errno.ts';
import type { ModuleContext } from './context.ts';
import { LoadReport } from './load-report.ts';
import type { LoadedModule } from './loaded-module.ts';
import { parseBool } from '../number-text.ts';
import { STATE } from './struct-module.ts';
import { sysfsName } from './uevents.ts';

export type SysfsEntry =
  | { readonly name: string; readonly kind: 'directory' }
  | { readonly name: string; readonly kind: 'file'; readonly mode: number; readonly size: number }
  | { readonly name: string; readonly kind: 'link'; readonly target: string };

const PAGE = 4096;
const STATE_NAMES: Readonly<Record<number, string>> = { [STATE.LIVE]: 'live', [STATE.COMING]: 'coming', [STATE.GOING]: 'going' };

const directory = (name: string): SysfsEntry => ({ name, kind: 'directory' });
const file = (name: string, mode: number, size = PAGE): SysfsEntry => ({ name, kind: 'file', mode, size });

export class SysModule {
  readonly #context: ModuleContext;
  constructor(context: ModuleContext) { this.#context = context; }

  /** Entries of a directory; ENOENT or ENOTDIR otherwise. '' is /sys/module itself. */
  list(path: string): SysfsEntry[] {
    const [moduleName, sub, ...more] = path.split('/').filter((part) => part !== '');
    if (moduleName === undefined) return [directory('module'), ...this.#modules().map((module) => directory(sysfsName(module.name)))];
    if (more.length > 0) throw new Errno('ENOTDIR', path);
    if (moduleName === 'module') return this.#listLoader(sub);
    const module = this.#module(moduleName);
    switch (sub) {
      case undefined: return this.#listModule(module);
      case 'parameters': return this.#parameterFiles(module);
      case 'holders': return module.users.map((user) => ({ name: sysfsName(user.name), kind: 'link', target: `../../${sysfsName(user.name)}` }));
      case 'sections': return module.sections.map((section) => file(section.name, 0o400, 19));
      case 'notes': return module.notes.map((note) => file(note.name, 0o444, note.size));
      default: throw new Errno('ENOTDIR', path);
    }
  }

  /** Bytes of a file, one character each. May run code of the module. */
  *read(path: string): Sleeping<string> {
    const [moduleName = '', sub = '', leaf] = path.split('/').filter((part) => part !== '');
    if (moduleName === 'module' && sub === 'parameters') return this.#readLoader(leaf ?? '');
    const module = this.#module(moduleName);
    if (leaf === undefined) return this.#readAttribute(module, sub);
    switch (sub) {
      case 'parameters': return yield* this.#readParameter(module, leaf);
      case 'sections': {
        const section = module.sections.find((candidate) => candidate.name === leaf);
        if (!section) throw new Errno('ENOENT', path);
        return `0x${hex16(this.#context.deps.options?.showsAddresses === false ? 0 : section.address)}\n`;
      }
      case 'notes': {
        const note = module.notes.find((candidate) => candidate.name === leaf);
        if (!note) throw new Errno('ENOENT', path);
        return Array.from(this.#context.deps.ram.bytes(note.address, note.size), (byte) => String.fromCharCode(byte)).join('');
      }
      default: throw new Errno('ENOENT', path);
    }
  }

  *write(path: string, text: string): Sleeping<void> {
    const [moduleName = '', sub = '', leaf] = path.split('/').filter((part) => part !== '');
    if (moduleName === 'module' && sub === 'parameters') {
      this.#writeLoader(leaf ?? '', text);
      return;
    }
    const module = this.#module(moduleName);
    if (sub === 'uevent' && leaf === undefined) {
      if (this.#context.uevents.synthesize(module, text)) return;
      this.#context.deps.log.printk(4, `synth uevent: /module/${sysfsName(module.name)}: unknown uevent action string`);
      throw new Errno('EINVAL', 'no such uevent action');
    }
    if (sub !== 'parameters' || leaf === undefined) throw new Errno('EACCES', path);
    const record = this.#context.parameters.find(module, leaf);
    if (!record || record.mode === 0) throw new Errno('ENOENT', path);
    if ((record.mode & 0o222) === 0) throw new Errno('EACCES', path);
    const result = yield* this.#context.parameters.store(module, record, text, new LoadReport(this.#context.deps.log));
    if (result < 0) throw new Errno(errnoName(-result) ?? 'EINVAL', path);
  }

  #modules(): LoadedModule[] { return this.#context.list.all().filter((module) => module.hasSysfs); }
  #module(name: string): LoadedModule {
    const module = this.#modules().find((candidate) => sysfsName(candidate.name) === name);
    if (!module) throw new Errno('ENOENT', `/sys/module/${name}`);
    return module;
  }
  #listModule(module: LoadedModule): SysfsEntry[] {
    const entries = [file('coresize', 0o444), file('initsize', 0o444), file('initstate', 0o444), file('refcnt', 0o444), file('taint', 0o444), file('uevent', 0o200)];
    if (module.version !== undefined) entries.push(file('version', 0o444));
    if (module.srcversion !== undefined) entries.push(file('srcversion', 0o444));
    if (this.#parameterFiles(module).length > 0) entries.push(directory('parameters'));
    entries.push(directory('holders'), directory('sections'));
    if (module.notes.length > 0) entries.push(directory('notes'));
    return entries;
  }
  #parameterFiles(module: LoadedModule): SysfsEntry[] {
    return [...this.#context.parameters.records(module)].filter((record) => record.mode !== 0).map((record) => file(record.name, record.mode & 0o777));
  }
  #readAttribute(module: LoadedModule, name: string): string {
    const context = this.#context;
    switch (name) {
      case 'coresize': return `${module.coreSize}\n`;
      case 'initsize': return `${module.initSize}\n`;
      case 'initstate': return `${STATE_NAMES[context.state(module)] ?? 'live'}\n`;
      case 'refcnt': return `${context.references.count(module.address)}\n`;
      case 'taint': return `${module.taints.letters}\n`;
      case 'version': if (module.version !== undefined) return `${module.version}\n`; break;
      case 'srcversion': if (module.srcversion !== undefined) return `${module.srcversion}\n`; break;
      case 'uevent': throw new Errno('EACCES', 'uevent is write-only');
    }
    throw new Errno('ENOENT', `/sys/module/${sysfsName(module.name)}/${name}`);
  }
  *#readParameter(module: LoadedModule, name: string): Sleeping<string> {
    const record = this.#context.parameters.find(module, name);
    if (!record || record.mode === 0) throw new Errno('ENOENT', `parameter ${name}`);
    const text = yield* this.#context.parameters.show(module, record);
    if (typeof text === 'number') throw new Errno(errnoName(-text) ?? 'EIO', `parameter ${name}`);
    return text;
  }

  /** The module loader's own settings, under /sys/module/module. */
  #listLoader(sub: string | undefined): SysfsEntry[] {
    if (sub === undefined) return [directory('parameters'), file('uevent', 0o200)];
    if (sub === 'parameters') return [file('async_probe', 0o644), file('sig_enforce', 0o644)];
    throw new Errno('ENOTDIR', sub);
  }
  #readLoader(name: string): string {
    if (name === 'sig_enforce') return this.#context.isSignatureEnforced ? 'Y\n' : 'N\n';
    if (name === 'async_probe') return this.#context.isAsyncProbe ? 'Y\n' : 'N\n';
    throw new Errno('ENOENT', name);
  }
  #writeLoader(name: string, text: string): void {
    const value = parseBool(text);
    if (name !== 'sig_enforce' && name !== 'async_probe') throw new Errno('ENOENT', name);
    if (value === undefined) throw new Errno('EINVAL', text);
    if (name === 'async_probe') this.#context.isAsyncProbe = value;
    else if (value) this.#context.isSignatureEnforced = true;
    else if (this.#context.isSignatureEnforced) throw new Errno('EROFS', 'sig_enforce cannot be turned off');
  }
}
