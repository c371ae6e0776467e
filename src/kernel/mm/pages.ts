// Page allocator: frames with a prepared `struct page`, zeroed as Debian's init_on_alloc=on does. One reference per
// allocation (or per page for runs); the last put frees. Linux: mm/page_alloc.c.
// Differs from Linux: no reclaim and no OOM killer; an allocation that does not fit fails at once, whatever its flags.

import type { Ram } from '../../base/ram.ts';
import { KERNEL_BASE, PAGE_SHIFT, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Log, Reporter, SourceLine } from '../services.ts';
import { Buddy } from './buddy.ts';
import { __GFP_COMP, __GFP_DMA, __GFP_NOWARN } from './gfp.ts';
import type { PageStructs } from './page-structs.ts';
import type { RamMap } from './ram-map.ts';

/** Orders 0 to 10 can be asked for (6.1: MAX_ORDER is 11; 6.12: MAX_PAGE_ORDER is 10). */
export const MAX_PAGE_ORDER = 10;

export interface PagesDeps {
  readonly ram: Ram;
  readonly map: RamMap;
  readonly structs: PageStructs;
  readonly log: Log;
  readonly reporter: Reporter;
  /** Line of the WARN_ON_ONCE in __alloc_pages for an order that is too large. */
  readonly orderWarning: SourceLine;
}

export class Pages {
  readonly structs: PageStructs;
  readonly #ram: Ram;
  readonly #buddy: Buddy;
  readonly #deps: PagesDeps;
  readonly totalPages: number;
  #hasWarned = false;

  constructor(deps: PagesDeps) {
    this.#deps = deps;
    this.#ram = deps.ram;
    this.structs = deps.structs;
    this.#buddy = new Buddy(deps.map.nrPages, deps.map.managed);
    this.totalPages = this.#buddy.nrFree;
  }

  get freePages(): number { return this.#buddy.nrFree; }
  addressOf(pfn: number): Ptr { return pfn * PAGE_SIZE + KERNEL_BASE; }
  /** Frame of a RAM address. */
  pfnOf(addr: Ptr): number { return (addr - KERNEL_BASE) >>> PAGE_SHIFT; }
  isAllocated(pfn: number): boolean { return this.#buddy.isUsed(pfn); }

  /** 2^order zeroed frames, first one with one reference; 0 when there are none. */
  alloc(gfp: number, order: number, orderWarning = this.#deps.orderWarning): number {
    if (order > MAX_PAGE_ORDER) {
      this.#warnOrder(gfp, orderWarning);
      return 0;
    }
    const pfn = this.#take(order, gfp);
    if (pfn === 0) return 0;
    this.#prepare(pfn, 1 << order, false);
    if (order > 0 && (gfp & __GFP_COMP) !== 0) this.structs.makeCompound(pfn, order);
    return pfn;
  }
  /** `nr` zeroed frames in a row, each with a reference of its own; 0 when there is no such run. */
  allocRun(nr: number, gfp = 0): number {
    if (nr > this.totalPages) return 0;
    const order = nr <= 1 ? 0 : 32 - Math.clz32(nr - 1);
    let pfn = this.#take(order, gfp);
    if (pfn !== 0) this.#buddy.giveUntouched(pfn + nr, (1 << order) - nr);
    else pfn = this.#buddy.takeRun(nr, this.#zone(gfp));
    if (pfn === 0) return 0;
    this.#prepare(pfn, nr, true);
    return pfn;
  }
  freeRun(pfn: number, nr: number): void {
    for (let i = 0; i < nr; i++) this.structs.setRefcount(pfn + i, 0);
    this.#buddy.give(pfn, nr);
  }

  /** free_pages(): drops the reference of the first page and frees 2^order pages when it was the last. */
  free(pfn: number, order: number): void {
    const references = this.structs.refcount(pfn) - 1;
    this.structs.setRefcount(pfn, references);
    if (references === 0) this.release(pfn, order);
    // Somebody still holds the first page: Linux frees the others of a plain block and leaves that one to its holder.
    else if (references > 0 && !this.structs.isHead(pfn)) for (let o = order; o-- > 0;) this.release(pfn + (1 << o), o);
  }
  /** The last reference to a page or compound page is gone (put_page, __folio_put). */
  put(pfn: number): void {
    const head = this.structs.headOf(pfn);
    this.release(head, this.structs.compoundOrder(head));
  }
  /** Frees without looking at the reference count. */
  release(pfn: number, order: number): void {
    if (!this.#buddy.isUsed(pfn, 1 << order) || this.structs.mapcount(pfn) !== -1) {
      this.#deps.log.printk(0, `BUG: Bad page state in process  pfn:${pfn.toString(16).padStart(5, '0')}`);
      this.#deps.reporter.dumpStack();
      return;
    }
    this.structs.clearFlag(pfn, this.structs.pgHead);
    this.structs.setRefcount(pfn, 0);
    this.#buddy.give(pfn, 1 << order);
  }
  /** split_page(): 2^order pages become single ones. */
  split(pfn: number, order: number): void {
    for (let i = 1; i < 1 << order; i++) this.structs.setRefcount(pfn + i, 1);
  }

  #zone(gfp: number): number { return (gfp & __GFP_DMA) !== 0 ? 0 : 1; }
  #take(order: number, gfp: number): number { return this.#buddy.take(order, this.#zone(gfp)); }
  #prepare(pfn: number, nr: number, referenceEach: boolean): void {
    if (this.#buddy.markUsed(pfn, nr)) this.#ram.fill(this.addressOf(pfn), nr * PAGE_SIZE);
    this.structs.prepare(pfn, nr, referenceEach);
  }
  #warnOrder(gfp: number, at: SourceLine): void {
    if (this.#hasWarned || (gfp & __GFP_NOWARN) !== 0) return;
    this.#hasWarned = true;
    this.#deps.reporter.warn(at, '');
  }
}
