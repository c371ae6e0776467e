// Static calls: `call __SCT__NAME` jumps through a trampoline that always leads to the current target; updating a call means
// redirecting its trampoline (spec appendix B). Linux also rewrites each call site, which changes nothing that can be observed.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { KernelImage } from '../image.ts';
import type { CodePatcher } from './code-patcher.ts';
import type { LoadedModule } from './loaded-module.ts';
import { STATIC_CALL_SITE } from './section-names.ts';

/** Last bytes of a trampoline, by which it is known: an undefined instruction that never runs. */
const TRAMPOLINE_SIZE = 8;

export class StaticCalls {
  readonly #ram: Ram;
  readonly #patcher: CodePatcher;
  readonly #image: KernelImage;
  constructor(ram: Ram, patcher: CodePatcher, image: KernelImage) {
    this.#ram = ram;
    this.#patcher = patcher;
    this.#image = image;
  }

  /** The name of a site's key that is neither a key nor a trampoline with a known key; undefined when all are good. */
  badSite(module: LoadedModule): string | undefined {
    const { address, count } = module.staticCallSites;
    for (let i = 0, at = address; i < count; i++, at += STATIC_CALL_SITE) {
      const key = (at + 4 + this.#ram.readI32(at + 4)) & ~3;
      if (!this.#image.isText(key)) continue;
      const symbol = this.#image.textSymbolAt(key);
      if (!symbol?.name.startsWith('__SCT__') && !symbol?.name.startsWith('__SCK__')) return symbol?.name ?? '';
    }
    return undefined;
  }

  /** `__static_call_update(key, trampoline, function)`: false for a trampoline that is not code of a module. */
  update(key: Ptr, trampoline: Ptr, target: Ptr, returnThunk: Ptr): boolean {
    this.#ram.writePtr(key, target);
    if (this.#image.isText(trampoline)) return false;
    if (target === 0) {
      if (returnThunk !== 0) this.#patcher.branch(trampoline, 0xe9, returnThunk);
      else this.#patcher.write(trampoline, [0xc3, 0xcc, 0x90, 0x90, 0x90]);
      return true;
    }
    return this.#ram.has(trampoline, TRAMPOLINE_SIZE) && this.#patcher.branch(trampoline, 0xe9, target);
  }
}
