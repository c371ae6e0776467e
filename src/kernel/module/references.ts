// Reference counts of modules, and who uses whom (spec 4.7, 6.2). The count is the word in `struct module`: 1 for being there,
// one more while loading, one for each user.

import type { LoadedModule } from './loaded-module.ts';
import type { Ptr } from '../../base/ptr.ts';
import { STATE, type StructModule } from './struct-module.ts';

const BASE = 1;

export class ModuleReferences {
  readonly #struct: StructModule;
  constructor(struct: StructModule) { this.#struct = struct; }

  initialise(module: LoadedModule): void { this.#struct.setRefcnt(module.address, BASE + 1); }
  /** As lsmod and sysfs show it. */
  count(module: Ptr): number { return this.#struct.refcnt(module) - BASE; }

  /** False if the module is going or gone; true for NULL (built-in code). */
  tryGet(module: Ptr): boolean {
    if (module === 0) return true;
    const count = this.#struct.refcnt(module);
    if (this.#struct.state(module) === STATE.GOING || count === 0) return false;
    this.#struct.setRefcnt(module, count + 1);
    return true;
  }
  get(module: Ptr): void {
    if (module !== 0) this.#struct.setRefcnt(module, this.#struct.refcnt(module) + 1);
  }
  /** False if the count was zero or less: Linux warns. */
  put(module: Ptr): boolean {
    if (module === 0) return true;
    const count = this.#struct.refcnt(module);
    if (count <= 0) return false;
    this.#struct.setRefcnt(module, count - 1);
    return true;
  }
  /** Drops the base reference: true if nobody else holds one. */
  tryRelease(module: LoadedModule): boolean {
    const count = this.#struct.refcnt(module.address) - BASE;
    if (count !== 0) return false;
    this.#struct.setRefcnt(module.address, 0);
    return true;
  }

  /** `user` needs symbols of `owner`: one record and one reference per pair. False if the owner cannot be had. */
  use(user: LoadedModule, owner: LoadedModule): boolean {
    if (user.uses.includes(owner)) return true;
    if (!this.tryGet(owner.address)) return false;
    user.uses.push(owner);
    owner.users.unshift(user);
    return true;
  }
  /** `user` is freed: its records go, with their references. */
  dropUses(user: LoadedModule): void {
    for (const owner of user.uses) {
      owner.users.splice(owner.users.indexOf(user), 1);
      this.put(owner.address);
    }
    user.uses.length = 0;
  }
}
