// Pools that keep a reserve of elements for when allocation fails. Linux: mm/mempool.c.
// Differs from Linux: mempool_alloc() never waits for an element to come back; with an empty reserve it returns NULL.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn, since } from '../exports/define.ts';
import type { CallGuest } from '../lib/call-guest.ts';
import { GFP_KERNEL } from './gfp.ts';
import type { Pages } from './pages.ts';
import type { SlabAllocator } from './slab.ts';
import type { CallSite } from './slab-exports.ts';
import type { Vmalloc } from './vmalloc-exports.ts';

const ENOMEM = 12;

export interface MempoolDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly slab: SlabAllocator;
  readonly pages: Pages;
  readonly vmalloc: Vmalloc;
  readonly callGuest: CallGuest;
  readonly caller: CallSite;
}

type Pool = Ptr<'mempool_s'>;

export function mempoolExports(deps: MempoolDeps): ExportTable {
  const { ram, abi, slab, callGuest, caller } = deps;
  const layout = abi.struct('mempool_s');
  const at = {
    min: layout.offset('min_nr'), current: layout.offset('curr_nr'), elements: layout.offset('elements'), data: layout.offset('pool_data'),
    alloc: layout.offset('alloc'), free: layout.offset('free'), waiters: layout.offset('wait.head'),
  };
  const reserve = (pool: Pool): number => ram.readI32(pool + at.current);
  const make = (pool: Pool, gfp: number): Ptr => callGuest('mempool_alloc', ram.readPtr(pool + at.alloc), [gfp, ram.readPtr(pool + at.data)]);
  const dispose = (pool: Pool, element: Ptr): void => { callGuest('mempool_free', ram.readPtr(pool + at.free), [element, ram.readPtr(pool + at.data)]); };
  const push = (pool: Pool, element: Ptr): void => {
    ram.writePtr(ram.readPtr(pool + at.elements) + reserve(pool) * 8, element);
    ram.writeU32(pool + at.current, reserve(pool) + 1);
  };
  const pop = (pool: Pool): Ptr => {
    if (reserve(pool) === 0) return 0;
    ram.writeU32(pool + at.current, reserve(pool) - 1);
    return ram.readPtr(ram.readPtr(pool + at.elements) + reserve(pool) * 8);
  };
  const exit = (pool: Pool): void => {
    for (let element = pop(pool); element !== 0; element = pop(pool)) dispose(pool, element);
    slab.kfree(ram.readPtr(pool + at.elements));
    ram.writePtr(pool + at.elements, 0);
  };
  const fill = (pool: Pool, gfp: number): boolean => {
    while (reserve(pool) < ram.readI32(pool + at.min)) {
      const element = make(pool, gfp);
      if (element === 0) return false;
      push(pool, element);
    }
    return true;
  };
  const init = (pool: Pool, min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr, gfp: number): number => {
    ram.writeU32(pool + at.min, min);
    ram.writeU32(pool + at.current, 0);
    ram.writePtr(pool + at.data, data);
    ram.writePtr(pool + at.alloc, allocFn);
    ram.writePtr(pool + at.free, freeFn);
    ram.writePtr(pool + at.waiters, pool + at.waiters);
    ram.writePtr(pool + at.waiters + 8, pool + at.waiters);
    const elements = slab.kmalloc(Math.max(min, 1) * 8, gfp, caller());
    ram.writePtr(pool + at.elements, elements);
    if (elements !== 0 && fill(pool, gfp)) return 0;
    exit(pool);
    return -ENOMEM;
  };
  const create = (min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr, gfp: number): Pool => {
    const pool = slab.kmalloc(layout.sizeBytes, gfp, caller());
    if (pool === 0 || init(pool, min, allocFn, freeFn, data, gfp) === 0) return pool;
    slab.kfree(pool);
    return 0;
  };
  const alloc = (pool: Pool, gfp: number): Ptr => make(pool, gfp) || pop(pool);
  const later = since.bind(null, [6, 12] as const);
  return {
    mempool_create: fn('mempool_create', (min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr) => create(min, allocFn, freeFn, data, GFP_KERNEL)),
    mempool_create_node: fn('mempool_create_node', (min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr, gfp: number, _node: number) => create(min, allocFn, freeFn, data, gfp)),
    mempool_create_node_noprof: later(fn('mempool_create_node_noprof', (min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr, gfp: number, _node: number) =>
      create(min, allocFn, freeFn, data, gfp))),
    mempool_init: fn('mempool_init', (pool: Pool, min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr) => init(pool, min, allocFn, freeFn, data, GFP_KERNEL)),
    mempool_init_noprof: later(fn('mempool_init_noprof', (pool: Pool, min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr) => init(pool, min, allocFn, freeFn, data, GFP_KERNEL))),
    mempool_init_node: fn('mempool_init_node', (pool: Pool, min: number, allocFn: Ptr, freeFn: Ptr, data: Ptr, gfp: number, _node: number) => init(pool, min, allocFn, freeFn, data, gfp)),
    mempool_exit: fn('mempool_exit', exit),
    mempool_destroy: fn('mempool_destroy', (pool: Pool) => {
      if (pool === 0) return;
      exit(pool);
      slab.kfree(pool);
    }),
    mempool_resize: fn('mempool_resize', (pool: Pool, min: number) => {
      const elements = slab.kmalloc(min * 8, GFP_KERNEL, caller());
      if (elements === 0) return -ENOMEM;
      while (reserve(pool) > min) dispose(pool, pop(pool));
      ram.copy(elements, ram.readPtr(pool + at.elements), Math.max(reserve(pool) * 8, 8));
      slab.kfree(ram.readPtr(pool + at.elements));
      ram.writePtr(pool + at.elements, elements);
      ram.writeU32(pool + at.min, min);
      fill(pool, GFP_KERNEL);
      return 0;
    }),
    mempool_alloc: fn('mempool_alloc', alloc),
    mempool_alloc_noprof: later(fn('mempool_alloc_noprof', alloc)),
    mempool_alloc_preallocated: later(fn('mempool_alloc_preallocated', pop)),
    mempool_free: fn('mempool_free', (element: Ptr, pool: Pool) => {
      if (element === 0) return;
      if (reserve(pool) < ram.readI32(pool + at.min)) push(pool, element);
      else dispose(pool, element);
    }),
    ...elementExports(deps),
  };
}

/** Ready-made functions for pools of kmalloc memory, slab objects and pages; `data` is a size, a cache or an order. */
function elementExports({ slab, pages, vmalloc, caller }: MempoolDeps): ExportTable {
  const later = since.bind(null, [6, 12] as const);
  return {
    mempool_kmalloc: fn('mempool_kmalloc', (gfp: number, size: Ptr) => slab.kmalloc(size, gfp, caller())),
    mempool_kfree: fn('mempool_kfree', (element: Ptr, _size: Ptr) => slab.kfree(element)),
    mempool_kvmalloc: later(fn('mempool_kvmalloc', (gfp: number, size: Ptr) => vmalloc.kvmalloc(size, gfp))),
    mempool_kvfree: later(fn('mempool_kvfree', (element: Ptr, _size: Ptr) => vmalloc.kvfree(element))),
    mempool_alloc_slab: fn('mempool_alloc_slab', (gfp: number, cache: Ptr) => slab.allocObject(slab.cacheAt(cache), gfp, caller())),
    mempool_free_slab: fn('mempool_free_slab', (element: Ptr, _cache: Ptr) => slab.freeObject(element)),
    mempool_alloc_pages: fn('mempool_alloc_pages', (gfp: number, order: Ptr) => {
      const pfn = pages.alloc(gfp, order);
      return pfn === 0 ? 0 : pages.structs.at(pfn) as number;
    }),
    mempool_free_pages: fn('mempool_free_pages', (page: Ptr, order: Ptr) => pages.free(pages.structs.pfnOf(page), order)),
  };
}
