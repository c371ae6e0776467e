// The slab allocator: kmalloc's size classes, caches that modules create, and large allocations straight from pages. A
// pointer finds its slab by page frame. Memory is zeroed on allocation (Debian: init_on_alloc=on) unless the cache has a
// constructor. Linux: mm/slub.c, mm/slab_common.c.
// Differs from Linux: caches are never merged with others of their size; a double free is always noticed, not only when the
// object was the last one freed.

import type { Abi } from '../../abi/abi.ts';
import { KERNEL_BASE, PAGE_SHIFT, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { MemoryFault, type Ram } from '../../base/ram.ts';
import { assert } from '../../base/assert.ts';
import type { KernelImage } from '../image.ts';
import type { Reporter, SourceLine } from '../services.ts';
import { __GFP_COMP, __GFP_ZERO } from './gfp.ts';
import { type KmallocClasses, kmallocClasses, slabOrder, writeKmallocCaches } from './kmalloc-classes.ts';
import { MAX_PAGE_ORDER, type Pages } from './pages.ts';
import { type CacheShape, type ObjectInfo, Slab, SlabCache, type SlabSource } from './slab-cache.ts';
import { mmWarnSites, type WarnSites } from './warn-sites.ts';

/** kmalloc(0): a pointer that is neither NULL nor usable. */
export const ZERO_SIZE_PTR = 16;
/** Larger requests get whole pages. */
const KMALLOC_MAX_CACHE_SIZE = 2 * PAGE_SIZE;

export const SLAB_TYPESAFE_BY_RCU = 0x80000;

/** Where x86-64 has its array of struct page: a bad pointer faults around here. */
const LINUX_VMEMMAP = -0x1600_0000_0000;

export interface SlabDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly image: KernelImage;
  readonly pages: Pages;
  readonly reporter: Reporter;
  readonly nrCpus: number;
  readonly isVmalloc: (addr: Ptr) => boolean;
  /** Runs a cache's constructor on a new object. */
  construct(ctor: Ptr, object: Ptr): void;
}

interface LargeAllocation { readonly order: number; readonly requested: number; readonly site: Ptr }

export class SlabAllocator implements SlabSource {
  readonly #ram: Ram;
  readonly #pages: Pages;
  readonly #deps: SlabDeps;
  readonly #sites: WarnSites;
  readonly #pgSlab: number;
  /** Slab id + 1 by page frame. */
  readonly #slabOfFrame: Int32Array;
  readonly #slabs: (Slab | undefined)[] = [];
  readonly #freeSlabIds: number[] = [];
  /** Caches by the address of their struct. */
  readonly #caches = new Map<Ptr, SlabCache>();
  readonly #classes: KmallocClasses;
  /** kmalloc's caches by type and size class; a row is made at its first use. */
  readonly #kmalloc: (readonly SlabCache[])[] = [];
  #kmallocTable: Ptr = 0;
  #hasWarnedOfPages = false;
  readonly #large = new Map<number, LargeAllocation>();

  constructor(deps: SlabDeps) {
    this.#deps = deps;
    this.#ram = deps.ram;
    this.#pages = deps.pages;
    this.#sites = mmWarnSites(deps.abi.kernelVersion);
    this.#pgSlab = slabPageFlag(deps.abi);
    this.#slabOfFrame = new Int32Array(deps.ram.sizeBytes >>> PAGE_SHIFT);
    this.#classes = kmallocClasses(deps.abi, deps.nrCpus);
  }

  #row(type: number): readonly SlabCache[] {
    return this.#kmalloc[type] ??= this.#classes.shapesOf(type).map((shape) => new SlabCache(shape, this));
  }
  /** Address of the kmalloc_caches array, laid out when the first module asks for it. */
  get kmallocCaches(): Ptr {
    const { abi, ram, image } = this.#deps;
    return this.#kmallocTable ||= writeKmallocCaches(abi, ram, image, this.#classes, (type, index, at) => { this.#caches.set(at, this.#row(type)[index]!); });
  }

  // --- kmalloc ------------------------------------------------------------------------------------------------------

  kmalloc(size: number, gfp: number, site: Ptr = 0): Ptr {
    if (size === 0) return ZERO_SIZE_PTR;
    if (!(size > 0 && size <= KMALLOC_MAX_CACHE_SIZE)) return this.kmallocLarge(size, gfp, site);
    return this.#allocFrom(this.#row(this.#classes.typeOf(gfp))[this.#classes.indexOf(size)]!, size, gfp, site);
  }
  /** kmalloc_trace(): the caller's compiler has picked the size class. */
  kmallocFrom(cacheAddr: Ptr, size: number, gfp: number, site: Ptr = 0): Ptr {
    if (cacheAddr === 0) return size === 0 ? ZERO_SIZE_PTR : 0;
    return this.#allocFrom(this.cacheAt(cacheAddr), size, gfp, site);
  }
  kmallocLarge(size: number, gfp: number, site: Ptr = 0): Ptr {
    const order = size > 0 && size <= 2 ** 40 ? Math.max(0, Math.ceil(Math.log2(size / PAGE_SIZE))) : MAX_PAGE_ORDER + 1;
    const pfn = this.#pages.alloc(gfp | __GFP_COMP, order, this.#sites.largeOrder);
    if (pfn === 0) return 0;
    this.#large.set(pfn, { order, requested: size, site });
    return this.#pages.addressOf(pfn);
  }

  kfree(addr: Ptr): void {
    if (addr === 0 || addr === ZERO_SIZE_PTR) return;
    const slab = this.#slabAt(addr);
    if (slab !== undefined) this.#freeTo(slab, addr, this.#sites.doubleFree);
    else this.#freeLarge(addr);
  }

  krealloc(addr: Ptr, size: number, gfp: number, site: Ptr = 0): Ptr {
    if (size === 0) {
      this.kfree(addr);
      return ZERO_SIZE_PTR;
    }
    const old = addr === 0 || addr === ZERO_SIZE_PTR ? 0 : this.ksize(addr);
    if (old >= size) return addr;
    const moved = this.kmalloc(size, gfp, site);
    if (moved !== 0 && old > 0) {
      this.#ram.copy(moved, addr, old);
      this.kfree(addr);
    }
    return moved;
  }

  /** Bytes that may be used behind a pointer of kmalloc or kmem_cache_alloc. */
  ksize(addr: Ptr): number {
    if (addr === 0 || addr === ZERO_SIZE_PTR) return 0;
    const slab = this.#slabAt(addr);
    if (slab !== undefined) return slab.cache.shape.objectSize;
    const pfn = this.#frameOf(addr);
    const large = this.#large.get(pfn);
    return large ? PAGE_SIZE << large.order : PAGE_SIZE << this.#pages.structs.compoundOrder(this.#pages.structs.headOf(pfn));
  }
  /** Bytes kmalloc(size) would really give. */
  sizeClass(size: number): number {
    if (size === 0) return 0;
    return size <= KMALLOC_MAX_CACHE_SIZE ? this.#row(0)[this.#classes.indexOf(size)]!.shape.size : PAGE_SIZE << Math.ceil(Math.log2(size / PAGE_SIZE));
  }

  // --- caches -------------------------------------------------------------------------------------------------------

  createCache(address: Ptr, shape: CacheShape): void { this.#caches.set(address, new SlabCache(shape, this)); }
  forgetCache(address: Ptr): void { this.#caches.delete(address); }
  findCache(address: Ptr): SlabCache | undefined { return this.#caches.get(address); }
  /** The cache behind a `struct kmem_cache *` that a module passed; a wild one faults as its first use would. */
  cacheAt(address: Ptr): SlabCache {
    const cache = this.#caches.get(address);
    if (cache === undefined) throw new MemoryFault(address, 8, false);
    return cache;
  }
  caches(): Iterable<SlabCache> { return new Set([...this.#kmalloc.flat(), ...this.#caches.values()]); }

  allocObject(cache: SlabCache, gfp: number, site: Ptr = 0): Ptr { return this.#allocFrom(cache, cache.shape.objectSize, gfp, site); }
  /** kmem_cache_free(): the object goes to the cache it came from. */
  freeObject(addr: Ptr): void {
    const slab = this.#slabAt(addr);
    if (slab !== undefined) this.#freeTo(slab, addr, this.#sites.cacheDoubleFree);
    else this.#freeLarge(addr);
  }

  /** The live allocation that covers `addr`. */
  find(addr: Ptr): ObjectInfo | undefined {
    if (!this.#ram.has(addr, 1)) return undefined;
    const slab = this.#slabAt(addr);
    if (slab !== undefined) {
      const index = slab.indexOf(addr);
      return index < slab.cache.objectsPerSlab && slab.requested[index] !== 0 ? slab.info(index) : undefined;
    }
    const pfn = this.#pages.structs.headOf(this.#frameOf(addr));
    const large = this.#large.get(pfn);
    return large && this.#largeInfo(pfn, large);
  }
  /** Every live allocation: what a leak report at unload looks through. */
  *live(): Iterable<ObjectInfo> {
    for (const cache of this.caches()) yield* cache.live();
    for (const [pfn, large] of this.#large) yield this.#largeInfo(pfn, large);
  }
  /** The cache whose slab holds `addr`, if one does. */
  slabCacheOf(addr: Ptr): SlabCache | undefined { return this.#slabAt(addr)?.cache; }

  /** Distance of an address in a slab from the object it lies in. */
  offsetInObject(addr: Ptr): number {
    const slab = this.#slabAt(addr)!;
    return addr - slab.addressOf(slab.indexOf(addr));
  }

  /** struct page of a slab, and its flags. */
  pageOf(slab: Slab): Ptr<'page'> { return this.#pages.structs.at(slab.pfn); }
  pageFlags(slab: Slab): bigint { return this.#pages.structs.flagsWord(slab.pfn); }

  // --- slabs --------------------------------------------------------------------------------------------------------

  newSlab(cache: SlabCache, gfp: number): Slab | undefined {
    const { order, ctor, size } = cache.shape;
    const pfn = this.#pages.alloc(gfp | __GFP_COMP, order);
    if (pfn === 0) return undefined;
    const slab = new Slab(cache, pfn);
    const id = this.#freeSlabIds.pop() ?? this.#slabs.length;
    this.#slabs[id] = slab;
    this.#slabOfFrame.fill(id + 1, pfn, pfn + (1 << order));
    this.#pages.structs.setFlag(pfn, this.#pgSlab);
    if (ctor !== 0) for (let i = 0; i < cache.objectsPerSlab; i++) this.#deps.construct(ctor, slab.base + i * size);
    return slab;
  }
  releaseSlab(slab: Slab): void {
    const { order } = slab.cache.shape;
    const id = this.#slabOfFrame[slab.pfn]! - 1;
    this.#slabs[id] = undefined;
    this.#freeSlabIds.push(id);
    this.#slabOfFrame.fill(0, slab.pfn, slab.pfn + (1 << order));
    this.#pages.structs.clearFlag(slab.pfn, this.#pgSlab);
    this.#pages.release(slab.pfn, order);
  }

  #allocFrom(cache: SlabCache, requested: number, gfp: number, site: Ptr): Ptr {
    const addr = cache.alloc(requested, gfp, site);
    if (addr === 0) return 0;
    const { ctor, flags, objectSize } = cache.shape;
    if ((ctor === 0 && (flags & SLAB_TYPESAFE_BY_RCU) === 0) || (gfp & __GFP_ZERO) !== 0) {
      const offset = addr - KERNEL_BASE;
      this.#ram.u8.fill(0, offset, offset + objectSize);
    }
    return addr;
  }
  #frameOf(addr: Ptr): number { return (addr - KERNEL_BASE) >>> PAGE_SHIFT; }
  #slabAt(addr: Ptr): Slab | undefined {
    if (!this.#ram.has(addr, 1)) throw new MemoryFault(addr, 8, false);
    return this.#slabs[this.#slabOfFrame[this.#frameOf(addr)]! - 1];
  }
  #freeTo(slab: Slab, addr: Ptr, twice: SourceLine): void {
    const index = slab.indexOf(addr);
    // The rest of a slab behind its last object belongs to nobody.
    if (index >= slab.cache.objectsPerSlab || slab.requested[index] === 0) this.#deps.reporter.bug(twice);
    slab.cache.free(slab, index);
  }
  #freeLarge(addr: Ptr): void {
    const pfn = this.#pages.structs.headOf(this.#frameOf(addr));
    // What lies outside of the pages that kmalloc() knows has no struct page where Linux would look for it.
    if (!this.#pages.isAllocated(pfn) || this.#deps.isVmalloc(addr)) throw new MemoryFault(LINUX_VMEMMAP + pfn * 64, 8, false);
    const large = this.#large.get(pfn);
    if (large === undefined && !this.#hasWarnedOfPages) {
      this.#hasWarnedOfPages = true;
      this.#deps.reporter.warn(this.#sites.freeOfNonSlab, '');
    }
    this.#large.delete(pfn);
    this.#pages.free(pfn, large?.order ?? this.#pages.structs.compoundOrder(pfn));
  }
  #largeInfo(pfn: number, large: LargeAllocation): ObjectInfo {
    return { address: this.#pages.addressOf(pfn), requested: large.requested, size: PAGE_SIZE << large.order, cache: 'kmalloc-large', allocSite: large.site };
  }
}

/** 6.1 marks slab pages in page->flags; later releases use page_type, which no module inlines. */
function slabPageFlag(abi: Abi): number {
  const bit = abi.enumerator('PG_slab');
  return bit === undefined ? 0 : 1 << bit;
}

/** Size, alignment and slab order of a new cache. Linux: calculate_sizes(). */
export function cacheShape(request: Omit<CacheShape, 'size' | 'order'>, hwCacheAlign: boolean, nrCpus: number): CacheShape {
  const { objectSize } = request;
  let align = Math.max(8, request.align);
  if (hwCacheAlign) {
    let line = 64;
    while (objectSize <= line / 2) line /= 2;
    align = Math.max(align, line);
  }
  assert((align & (align - 1)) === 0, 'a power of two');
  // A constructed object must survive being free, so its free pointer lies behind it.
  const pointer = request.ctor !== 0 || (request.flags & SLAB_TYPESAFE_BY_RCU) !== 0 ? 8 : 0;
  const size = Math.ceil((Math.ceil(objectSize / 8) * 8 + pointer) / align) * align;
  return { ...request, align, size, order: slabOrder(size, nrCpus) };
}
