// Static keys: branches of module code that are patched when a key in memory changes (spec appendix B). The key's state is its
// `enabled` count in RAM; which code belongs to it is known here. Linux: kernel/jump_label.c.

import type { Ptr } from '../../base/ptr.ts';
import type { CodePatcher } from './code-patcher.ts';
import type { LoadedModule } from './loaded-module.ts';
import { JUMP_ENTRY } from './section-names.ts';

interface Site { readonly code: Ptr; readonly target: Ptr; readonly sense: boolean; readonly owner: LoadedModule }

const NOP2 = [0x66, 0x90];
const NOP5 = [0x0f, 0x1f, 0x44, 0x00, 0x00];

export class JumpLabels {
  readonly #patcher: CodePatcher;
  readonly #sites = new Map<Ptr, Site[]>();
  constructor(patcher: CodePatcher) { this.#patcher = patcher; }

  /** COMING: registers the module's sites and brings those in line whose key differs from what was compiled in. */
  addModule(module: LoadedModule): void {
    const { ram } = this.#patcher;
    const { address, count } = module.jumpEntries;
    for (let i = 0, at = address; i < count; i++, at += JUMP_ENTRY) {
      const low = ram.readI32(at + 8);
      const key = at + 8 + (ram.readPtr(at + 8) - (low & 3));
      const site: Site = { code: at + ram.readI32(at), target: at + 4 + ram.readI32(at + 4), sense: (low & 1) !== 0, owner: module };
      if (!module.isInText(site.code) || !ram.has(key, 16)) continue;
      const sites = this.#sites.get(key);
      if (sites) sites.push(site);
      else this.#sites.set(key, [site]);
      this.#patch(site, this.#isEnabled(key));
    }
  }
  /** GOING, or init memory freed: forgets sites of the module, all of them or those in init text. */
  removeModule(module: LoadedModule, isInitOnly = false): void {
    if (module.jumpEntries.count === 0) return;
    for (const [key, sites] of this.#sites) {
      const kept = sites.filter((site) => site.owner !== module || (isInitOnly && !module.isInInit(site.code)));
      if (kept.length === 0) this.#sites.delete(key);
      else if (kept.length < sites.length) this.#sites.set(key, kept);
    }
  }

  count(key: Ptr): number {
    const n = this.#patcher.ram.readI32(key);
    return n >= 0 ? n : 1;
  }
  increment(key: Ptr): void { this.#setCount(key, this.count(key) + 1); }
  /** False when the key was not enabled: Linux warns then. */
  decrement(key: Ptr): boolean {
    const n = this.count(key);
    if (n === 0) return false;
    this.#setCount(key, n - 1);
    return true;
  }
  /** For keys that are only on or off; false when the count is neither 0 nor 1 nor what is wanted. */
  enable(key: Ptr): boolean {
    const n = this.count(key);
    if (n === 0) this.#setCount(key, 1);
    return n <= 1;
  }
  disable(key: Ptr): boolean {
    const n = this.count(key);
    if (n === 1) this.#setCount(key, 0);
    return n <= 1;
  }

  #isEnabled(key: Ptr): boolean { return this.#patcher.ram.readI32(key) > 0; }
  #setCount(key: Ptr, count: number): void {
    const was = this.#isEnabled(key);
    this.#patcher.ram.writeU32(key, count);
    if (was !== count > 0) for (const site of this.#sites.get(key) ?? []) this.#patch(site, count > 0);
  }
  /** The bytes in place tell whether the site is the short or the long form. */
  #patch(site: Site, isEnabled: boolean): void {
    const { ram } = this.#patcher;
    const first = ram.readU8(site.code);
    const isShort = first === 0xeb || (first === 0x66 && ram.readU8(site.code + 1) === 0x90);
    const isLong = first === 0xe9 || (first === 0x0f && ram.readU8(site.code + 1) === 0x1f);
    const wantsJump = isEnabled !== site.sense;
    if (isShort) {
      const distance = site.target - (site.code + 2);
      const bytes = wantsJump ? [0xeb, distance & 0xff] : NOP2;
      if (ram.readU8(site.code) !== bytes[0]) this.#patcher.write(site.code, bytes);
    } else if (isLong) {
      if (wantsJump && first !== 0xe9) this.#patcher.branch(site.code, 0xe9, site.target);
      else if (!wantsJump && first === 0xe9) this.#patcher.write(site.code, NOP5);
    }
  }
}
