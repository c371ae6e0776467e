// One slab cache: slabs of equal objects, each slab a compound page. What a module can see (struct kmem_cache, the objects)
// lies in RAM; free lists, sizes asked for and call sites are kept here. Objects of a fresh slab are handed out in
// ascending order, freed ones last in first out. Linux: mm/slub.c.

import { KERNEL_BASE, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';

export interface CacheShape {
  readonly name: string;
  /** Bytes the user asked for. */
  readonly objectSize: number;
  /** Distance of two objects. */
  readonly size: number;
  readonly align: number;
  /** A slab is 2^order pages. */
  readonly order: number;
  readonly flags: number;
  /** Guest function that initialises each object once, 0 for none. */
  readonly ctor: Ptr;
  readonly userOffset: number;
  readonly userSize: number;
}

/** What the allocator knows of one live object. */
export interface ObjectInfo {
  readonly address: Ptr;
  /** Bytes asked for, as far as the call said; else the object size. */
  readonly requested: number;
  /** Bytes that may be used. */
  readonly size: number;
  readonly cache: string;
  /** Return address of the allocating call, 0 when the kernel itself allocated. */
  readonly allocSite: Ptr;
}

export class Slab {
  readonly cache: SlabCache;
  readonly pfn: number;
  readonly base: Ptr;
  /** Indices of free objects; the last `nrFree` entries from 0 are valid. */
  readonly free: Uint16Array;
  nrFree: number;
  /** Per object: 0 free, else requested size + 1. */
  readonly requested: Int32Array;
  /** Low 32 bits of the allocating call's return address (kernel addresses fit). */
  readonly site: Int32Array;
  /** Position in the cache's partial list, -1 when not on it. */
  partialIndex = -1;

  constructor(cache: SlabCache, pfn: number) {
    this.cache = cache;
    this.pfn = pfn;
    this.base = pfn * PAGE_SIZE + KERNEL_BASE;
    const n = cache.objectsPerSlab;
    this.free = new Uint16Array(n);
    for (let i = 0; i < n; i++) this.free[i] = n - 1 - i;
    this.nrFree = n;
    this.requested = new Int32Array(n);
    this.site = new Int32Array(n);
  }
  get inUse(): number { return this.cache.objectsPerSlab - this.nrFree; }
  indexOf(addr: Ptr): number { return Math.floor((addr - this.base) / this.cache.shape.size); }
  addressOf(index: number): Ptr { return this.base + index * this.cache.shape.size; }
  info(index: number): ObjectInfo {
    return {
      address: this.addressOf(index), requested: this.requested[index]! - 1, size: this.cache.shape.objectSize,
      cache: this.cache.shape.name, allocSite: this.site[index]!,
    };
  }
}

/** Where a cache gets its slabs from and gives them back to. */
export interface SlabSource {
  newSlab(cache: SlabCache, gfp: number): Slab | undefined;
  releaseSlab(slab: Slab): void;
}

/** Empty slabs a cache keeps before it gives pages back (SLUB's min_partial). */
const EMPTY_SLABS_KEPT = 5;

export class SlabCache {
  readonly shape: CacheShape;
  readonly objectsPerSlab: number;
  readonly #source: SlabSource;
  readonly slabs = new Set<Slab>();
  /** Slabs with free objects; the last one is allocated from. */
  readonly #partial: Slab[] = [];
  #nrEmpty = 0;
  inUse = 0;

  constructor(shape: CacheShape, source: SlabSource) {
    this.shape = shape;
    this.#source = source;
    this.objectsPerSlab = Math.floor((PAGE_SIZE << shape.order) / shape.size);
  }

  /** Address of an object with whatever it held before, 0 when there is no page for a new slab. */
  alloc(requested: number, gfp: number, site: Ptr): Ptr {
    const partial = this.#partial;
    let slab = partial[partial.length - 1];
    if (slab === undefined) {
      slab = this.#source.newSlab(this, gfp);
      if (slab === undefined) return 0;
      this.slabs.add(slab);
      this.#addPartial(slab);
      this.#nrEmpty++;
    }
    if (slab.nrFree === this.objectsPerSlab) this.#nrEmpty--;
    const index = slab.free[--slab.nrFree]!;
    if (slab.nrFree === 0) {
      partial.pop();
      slab.partialIndex = -1;
    }
    slab.requested[index] = requested + 1;
    slab.site[index] = site;
    this.inUse++;
    return slab.base + index * this.shape.size;
  }
  /** The object must be live. */
  free(slab: Slab, index: number): void {
    slab.requested[index] = 0;
    if (slab.nrFree === 0) this.#addPartial(slab);
    slab.free[slab.nrFree++] = index;
    this.inUse--;
    if (slab.nrFree === this.objectsPerSlab && ++this.#nrEmpty > EMPTY_SLABS_KEPT) this.#drop(slab);
  }
  /** Gives all empty slabs back. */
  shrink(): void {
    for (const slab of [...this.slabs]) if (slab.inUse === 0) this.#drop(slab);
  }
  *live(): Iterable<ObjectInfo> {
    for (const slab of this.slabs) {
      for (let i = 0; i < this.objectsPerSlab; i++) if (slab.requested[i] !== 0) yield slab.info(i);
    }
  }

  #addPartial(slab: Slab): void { slab.partialIndex = this.#partial.push(slab) - 1; }
  #drop(slab: Slab): void {
    const last = this.#partial.pop()!;
    if (last !== slab) {
      this.#partial[slab.partialIndex] = last;
      last.partialIndex = slab.partialIndex;
    }
    this.#nrEmpty--;
    this.slabs.delete(slab);
    this.#source.releaseSlab(slab);
  }
}
