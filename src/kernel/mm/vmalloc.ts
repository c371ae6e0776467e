// vmalloc: runs of whole pages. Kernel addresses are RAM offsets here, so an area is contiguous in RAM and every page of it
// has its struct page, as vmalloc_to_page() needs. Linux: mm/vmalloc.c.
// Differs from Linux: areas lie among the pages of the linear map (virt_addr_valid() says yes) and have no guard page; vmap()
// succeeds only for pages that happen to follow each other.

import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Pages } from './pages.ts';

export interface VmallocArea { readonly address: Ptr; readonly nrPages: number; readonly size: number; readonly site: Ptr }

export class VmallocAreas {
  readonly #pages: Pages;
  /** By start address. */
  readonly #areas = new Map<Ptr, VmallocArea>();
  /** By frame: first frame of the area it belongs to, 0 for none. */
  readonly #firstFrame: Int32Array;

  constructor(pages: Pages, nrFrames: number) {
    this.#pages = pages;
    this.#firstFrame = new Int32Array(nrFrames);
  }

  /** Zeroed memory, page aligned; 0 when there is no run of pages that long. */
  alloc(size: number, gfp = 0, site: Ptr = 0): Ptr {
    const nrPages = Math.ceil(size / PAGE_SIZE);
    const pfn = this.#pages.allocRun(nrPages, gfp);
    if (pfn === 0) return 0;
    const address = this.#pages.addressOf(pfn);
    this.#areas.set(address, { address, nrPages, size, site });
    this.#firstFrame.fill(pfn, pfn, pfn + nrPages);
    return address;
  }
  /** Frees the area that covers `address`; false when none does. */
  free(address: Ptr): boolean {
    const area = this.find(address);
    if (area === undefined) return false;
    const pfn = this.#pages.pfnOf(area.address);
    this.#areas.delete(area.address);
    this.#firstFrame.fill(0, pfn, pfn + area.nrPages);
    this.#pages.freeRun(pfn, area.nrPages);
    return true;
  }
  /** The area that covers `address`. */
  find(address: Ptr): VmallocArea | undefined {
    const first = this.#firstFrame[this.#pages.pfnOf(address)];
    return first ? this.#areas.get(this.#pages.addressOf(first)) : undefined;
  }
  live(): Iterable<VmallocArea> { return this.#areas.values(); }
}
