// Room for module sections. Text and rodata lie in the read-only zone at the top of RAM, which translated code cannot store
// to; the rest comes from the page allocator like vmalloc memory. Everything is zeroed and page aligned.
// Linux: module_alloc() in arch/x86/kernel/module.c.

import { alignUp, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { ModuleSpace } from '../services.ts';
import { FreeRanges } from './free-ranges.ts';
import type { RamMap } from './ram-map.ts';
import type { VmallocAreas } from './vmalloc.ts';

export class ModuleMemory implements ModuleSpace {
  readonly #ram: Ram;
  readonly #readOnly: FreeRanges;
  readonly #areas: VmallocAreas;
  /** Below this address the read-only zone has never been handed out and is still zero. */
  #freshFrom: Ptr;

  constructor(ram: Ram, map: RamMap, areas: VmallocAreas) {
    this.#ram = ram;
    this.#areas = areas;
    this.#readOnly = new FreeRanges(map.readOnlyStart, map.readOnlyEnd);
    this.#freshFrom = map.readOnlyStart;
  }

  allocReadOnly(size: number): Ptr {
    const bytes = alignUp(Math.max(size, 1), PAGE_SIZE);
    const at = this.#readOnly.take(bytes, PAGE_SIZE);
    if (at === undefined) return 0;
    const stale = Math.min(this.#freshFrom, at + bytes) - at;
    if (stale > 0) this.#ram.fill(at, stale);
    this.#freshFrom = Math.max(this.#freshFrom, at + bytes);
    return at;
  }
  allocWritable(size: number): Ptr { return this.#areas.alloc(Math.max(size, 1)); }
  free(address: Ptr): void {
    if (address !== 0 && this.#readOnly.give(address) === undefined) this.#areas.free(address);
  }
}
