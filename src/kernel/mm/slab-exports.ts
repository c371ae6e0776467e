// Exported symbols of the slab allocator, under the names of 6.1 (kmalloc_trace) and of 6.12 (__kmalloc_cache_noprof).
// None of them waits: an allocation succeeds or fails at once.

import { fn, at, since, type ExportTable } from '../exports/define.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { KmemCaches } from './kmem-caches.ts';
import type { SlabAllocator } from './slab.ts';

/** The return address of the export call in progress: who allocates. */
export type CallSite = () => Ptr;

export function slabExports(slab: SlabAllocator, caches: KmemCaches, ram: Ram, caller: CallSite): ExportTable {
  const kmalloc = (size: number, gfp: number): Ptr => slab.kmalloc(size, gfp, caller());
  const kmallocFrom = (cache: Ptr<'kmem_cache'>, gfp: number, size: number): Ptr => slab.kmallocFrom(cache, size, gfp, caller());
  const kmallocLarge = (size: number, gfp: number): Ptr => slab.kmallocLarge(size, gfp, caller());
  const krealloc = (p: Ptr, size: number, gfp: number): Ptr => slab.krealloc(p, size, gfp, caller());
  const cacheAlloc = (cache: Ptr<'kmem_cache'>, gfp: number): Ptr => slab.allocObject(slab.cacheAt(cache), gfp, caller());
  const allocBulk = (cache: Ptr<'kmem_cache'>, gfp: number, count: number, list: Ptr): number => caches.allocBulk(cache, gfp, count, list, caller());
  const noprof = since.bind(null, [6, 12] as const);
  return {
    kmalloc_caches: at(slab.kmallocCaches),
    __kmalloc: fn('__kmalloc', (size: number, gfp: number) => kmalloc(size, gfp)),
    __kmalloc_node: fn('__kmalloc_node', (size: number, gfp: number, _node: number) => kmalloc(size, gfp)),
    __kmalloc_node_track_caller: fn('__kmalloc_node_track_caller', (size: number, gfp: number, _node: number, _caller: number) => kmalloc(size, gfp)),
    kmalloc_trace: fn('kmalloc_trace', (cache: Ptr<'kmem_cache'>, gfp: number, size: number) => kmallocFrom(cache, gfp, size)),
    kmalloc_node_trace: fn('kmalloc_node_trace', (cache: Ptr<'kmem_cache'>, gfp: number, _node: number, size: number) => kmallocFrom(cache, gfp, size)),
    kmalloc_large: fn('kmalloc_large', (size: number, gfp: number) => kmallocLarge(size, gfp)),
    kmalloc_large_node: fn('kmalloc_large_node', (size: number, gfp: number, _node: number) => kmallocLarge(size, gfp)),
    krealloc: fn('krealloc', (p: Ptr, size: number, gfp: number) => krealloc(p, size, gfp)),
    kfree: fn('kfree', (p: Ptr) => slab.kfree(p)),
    kfree_sensitive: fn('kfree_sensitive', (p: Ptr) => {
      const size = slab.ksize(p);
      if (size > 0) ram.fill(p, size);
      slab.kfree(p);
    }),
    ksize: fn('ksize', (p: Ptr) => slab.ksize(p)),
    kmalloc_size_roundup: fn('kmalloc_size_roundup', (size: number) => slab.sizeClass(size)),

    kmem_cache_create: fn('kmem_cache_create', (name: Ptr, size: number, align: number, flags: number, ctor: Ptr) =>
      caches.create({ name, size, align, flags, ctor, userOffset: 0, userSize: 0 })),
    kmem_cache_create_usercopy: fn('kmem_cache_create_usercopy',
      (name: Ptr, size: number, align: number, flags: number, userOffset: number, userSize: number, ctor: Ptr) =>
        caches.create({ name, size, align, flags, ctor, userOffset, userSize })),
    kmem_cache_destroy: fn('kmem_cache_destroy', (cache: Ptr<'kmem_cache'>) => caches.destroy(cache, caller())),
    kmem_cache_shrink: fn('kmem_cache_shrink', (cache: Ptr<'kmem_cache'>) => caches.shrink(cache)),
    kmem_cache_size: fn('kmem_cache_size', (cache: Ptr<'kmem_cache'>) => slab.cacheAt(cache).shape.objectSize),
    kmem_cache_alloc: fn('kmem_cache_alloc', (cache: Ptr<'kmem_cache'>, gfp: number) => cacheAlloc(cache, gfp)),
    kmem_cache_alloc_node: fn('kmem_cache_alloc_node', (cache: Ptr<'kmem_cache'>, gfp: number, _node: number) => cacheAlloc(cache, gfp)),
    kmem_cache_alloc_lru: fn('kmem_cache_alloc_lru', (cache: Ptr<'kmem_cache'>, _lru: Ptr, gfp: number) => cacheAlloc(cache, gfp)),
    kmem_cache_alloc_bulk: fn('kmem_cache_alloc_bulk', (cache: Ptr<'kmem_cache'>, gfp: number, count: number, list: Ptr) => allocBulk(cache, gfp, count, list)),
    kmem_cache_free: fn('kmem_cache_free', (_cache: Ptr<'kmem_cache'>, object: Ptr) => slab.freeObject(object)),
    kmem_cache_free_bulk: fn('kmem_cache_free_bulk', (_cache: Ptr<'kmem_cache'>, count: number, list: Ptr) => caches.freeBulk(count, list)),

    __kmalloc_noprof: noprof(fn('__kmalloc_noprof', (size: number, gfp: number) => kmalloc(size, gfp))),
    __kmalloc_node_noprof: noprof(fn('__kmalloc_node_noprof', (size: number, _buckets: Ptr, gfp: number, _node: number) => kmalloc(size, gfp))),
    __kmalloc_node_track_caller_noprof: noprof(fn('__kmalloc_node_track_caller_noprof',
      (size: number, _buckets: Ptr, gfp: number, _node: number, _caller: number) => kmalloc(size, gfp))),
    __kmalloc_cache_noprof: noprof(fn('__kmalloc_cache_noprof', (cache: Ptr<'kmem_cache'>, gfp: number, size: number) => kmallocFrom(cache, gfp, size))),
    __kmalloc_cache_node_noprof: noprof(fn('__kmalloc_cache_node_noprof',
      (cache: Ptr<'kmem_cache'>, gfp: number, _node: number, size: number) => kmallocFrom(cache, gfp, size))),
    __kmalloc_large_noprof: noprof(fn('__kmalloc_large_noprof', (size: number, gfp: number) => kmallocLarge(size, gfp))),
    __kmalloc_large_node_noprof: noprof(fn('__kmalloc_large_node_noprof', (size: number, gfp: number, _node: number) => kmallocLarge(size, gfp))),
    krealloc_noprof: noprof(fn('krealloc_noprof', (p: Ptr, size: number, gfp: number) => krealloc(p, size, gfp))),
    __kmem_cache_create_args: noprof(fn('__kmem_cache_create_args', (name: Ptr, size: number, args: Ptr<'kmem_cache_args'>, flags: number) =>
      caches.createFromArgs(name, size, args, flags))),
    kmem_cache_alloc_noprof: noprof(fn('kmem_cache_alloc_noprof', (cache: Ptr<'kmem_cache'>, gfp: number) => cacheAlloc(cache, gfp))),
    kmem_cache_alloc_node_noprof: noprof(fn('kmem_cache_alloc_node_noprof', (cache: Ptr<'kmem_cache'>, gfp: number, _node: number) => cacheAlloc(cache, gfp))),
    kmem_cache_alloc_lru_noprof: noprof(fn('kmem_cache_alloc_lru_noprof', (cache: Ptr<'kmem_cache'>, _lru: Ptr, gfp: number) => cacheAlloc(cache, gfp))),
    kmem_cache_alloc_bulk_noprof: noprof(fn('kmem_cache_alloc_bulk_noprof',
      (cache: Ptr<'kmem_cache'>, gfp: number, count: number, list: Ptr) => allocBulk(cache, gfp, count, list))),
    kmem_cache_charge: noprof(fn('kmem_cache_charge', (_object: Ptr, _gfp: number) => true)),
  };
}
