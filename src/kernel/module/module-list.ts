// The kernel's list of modules, newest first. The links are the `list` fields of the structs in RAM, because modules take
// themselves off the list (and so out of /proc/modules); what a module is beyond its struct is found by the struct's address.
// Linux: the variable `modules`.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { LoadedModule } from './loaded-module.ts';
import { STATE, type StructModule } from './struct-module.ts';

export class ModuleList {
  readonly #ram: Ram;
  readonly #struct: StructModule;
  readonly #head: Ptr;
  readonly #byAddress = new Map<Ptr, LoadedModule>();
  readonly #linkOffset: number;

  constructor(ram: Ram, struct: StructModule, head: Ptr) {
    this.#ram = ram;
    this.#struct = struct;
    this.#head = head;
    this.#linkOffset = struct.address(0, 'list');
    ram.writePtr(head, head);
    ram.writePtr(head + 8, head);
  }

  /** Modules on the list, newest first. A list that a module has damaged ends where it leads nowhere. */
  all(): LoadedModule[] {
    const modules: LoadedModule[] = [];
    let link = this.#ram.readPtr(this.#head);
    while (link !== this.#head && modules.length < this.#byAddress.size) {
      const module = this.#byAddress.get(link - this.#linkOffset);
      if (module === undefined) break;
      modules.push(module);
      link = this.#ram.readPtr(link);
    }
    return modules;
  }
  /** Every module in memory, on the list or not. */
  loaded(): Iterable<LoadedModule> { return this.#byAddress.values(); }
  get size(): number { return this.#byAddress.size; }
  at(address: Ptr): LoadedModule | undefined { return this.#byAddress.get(address); }

  /** By exact name; modules that are not formed yet count only for `any`. */
  find(name: string, any = false): LoadedModule | undefined {
    if (this.#byAddress.size === 0) return undefined;
    return this.all().find((module) => module.name === name && (any || this.#struct.state(module.address) !== STATE.UNFORMED));
  }
  byAddressInside(address: Ptr): LoadedModule | undefined {
    for (const module of this.#byAddress.values()) if (module.contains(address)) return module;
    return undefined;
  }

  add(module: LoadedModule): void {
    const link = module.address + this.#linkOffset;
    const next = this.#ram.readPtr(this.#head);
    this.#ram.writePtr(link, next);
    this.#ram.writePtr(link + 8, this.#head);
    this.#ram.writePtr(next + 8, link);
    this.#ram.writePtr(this.#head, link);
    this.#byAddress.set(module.address, module);
  }
  /** Unlinks it where it is still linked; a module that has unlinked itself is only forgotten. */
  remove(module: LoadedModule): void {
    const link = module.address + this.#linkOffset;
    const next = this.#ram.readPtr(link);
    const previous = this.#ram.readPtr(link + 8);
    if (this.#ram.has(next, 16) && this.#ram.has(previous, 16) && this.#ram.readPtr(next + 8) === link && this.#ram.readPtr(previous) === link) {
      this.#ram.writePtr(previous, next);
      this.#ram.writePtr(next + 8, previous);
    }
    this.#byAddress.delete(module.address);
  }
}
