// The size classes of kmalloc as the inlined part of kmalloc() expects them: kmalloc_caches[type][index] in kernel data, each
// entry a struct kmem_cache with name and sizes. How many types there are is the release's choice (NR_KMALLOC_TYPES).

import type { Abi } from '../../abi/abi.ts';
import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { KernelImage } from '../image.ts';
import { __GFP_ACCOUNT, __GFP_DMA, __GFP_RECLAIMABLE } from './gfp.ts';
import type { CacheShape } from './slab-cache.ts';

/** Object sizes by kmalloc_index(); index 0 stays empty. */
const SIZES = [0, 96, 192, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
/** Room for the longest name, `kmalloc-rcl-192`. */
const NAME_SIZE = 24;

export interface KmallocClasses {
  /** Rows of caches: one per `enum kmalloc_cache_type`. */
  readonly nrTypes: number;
  /** Shapes of one row, by kmalloc_index() - 1. */
  shapesOf(type: number): readonly CacheShape[];
  /** Position in a row of the smallest class that holds `size` bytes. */
  indexOf(size: number): number;
  /** Row for a gfp_t. */
  typeOf(gfp: number): number;
}

export function kmallocClasses(abi: Abi, nrCpus: number): KmallocClasses {
  const prefixes = kmallocTypes(abi);
  const shapeOf = (prefix: string, size: number): CacheShape => {
    const align = (size & (size - 1)) === 0 ? Math.min(size, PAGE_SIZE) : 8;
    const name = `${prefix}-${size < 1024 ? size : `${size / 1024}k`}`;
    return { name, objectSize: size, size, align, order: slabOrder(size, nrCpus), flags: 0, ctor: 0, userOffset: 0, userSize: size };
  };
  return {
    nrTypes: prefixes.length,
    shapesOf: (type) => SIZES.slice(1).map((size) => shapeOf(prefixes[type]!, size)),
    indexOf: sizeIndex, typeOf: typeByFlags(abi),
  };
}

/** Lays kmalloc_caches and its structs out in kernel data; `place` learns where each cache of a row lies. */
export function writeKmallocCaches(abi: Abi, ram: Ram, image: KernelImage, classes: KmallocClasses, place: (type: number, index: number, at: Ptr<'kmem_cache'>) => void): Ptr {
  const writer = new KmemCacheWriter(abi, ram);
  const count = classes.nrTypes * SIZES.length;
  const table = image.data('kmalloc_caches', count * 8, 64);
  const structs = image.data('kmalloc_cache_structs', count * writer.sizeBytes, 64);
  const names = image.data('kmalloc_cache_names', count * NAME_SIZE);
  for (let type = 0; type < classes.nrTypes; type++) {
    classes.shapesOf(type).forEach((shape, index) => {
      // Index 0 of each row stays NULL.
      const n = type * SIZES.length + index + 1;
      const at = structs + n * writer.sizeBytes;
      ram.writeCString(names + n * NAME_SIZE, shape.name);
      writer.write(at, shape, names + n * NAME_SIZE);
      ram.writePtr(table + n * 8, at);
      place(type, index, at);
    });
  }
  return table;
}

/** kmalloc_index() - 1. */
function sizeIndex(size: number): number {
  if (size <= 8) return 2;
  if (size > 64 && size <= 96) return 0;
  if (size > 128 && size <= 192) return 1;
  return 31 - Math.clz32(size - 1);
}

/** Which row of caches an allocation with these flags comes from: kmalloc_type(). */
function typeByFlags(abi: Abi): (gfp: number) => number {
  const dma = abi.enumerator('KMALLOC_DMA') ?? 0;
  const cgroup = abi.enumerator('KMALLOC_CGROUP') ?? 0;
  const reclaim = abi.enumerator('KMALLOC_RECLAIM') ?? 0;
  return (gfp) => {
    if ((gfp & (__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT)) === 0) return 0;
    if ((gfp & __GFP_DMA) !== 0) return dma;
    return (gfp & __GFP_RECLAIMABLE) !== 0 ? reclaim : cgroup;
  };
}

/** Name prefixes in the order of `enum kmalloc_cache_type`. */
function kmallocTypes(abi: Abi): string[] {
  const nr = abi.enumerator('NR_KMALLOC_TYPES') ?? 4;
  const names = Array.from({ length: nr }, () => 'kmalloc');
  const known: [enumerator: string, prefix: string][] = [['KMALLOC_DMA', 'dma-kmalloc'], ['KMALLOC_CGROUP', 'kmalloc-cg'], ['KMALLOC_RECLAIM', 'kmalloc-rcl']];
  for (const [enumerator, prefix] of known) {
    const type = abi.enumerator(enumerator);
    if (type !== undefined && type > 0 && type < nr) names[type] = prefix;
  }
  return names;
}

const MAX_SLAB_ORDER = 3;

/** log2 of the pages of a slab: enough objects for the CPUs, as little waste as that allows (slab_min_objects=0, slab_max_order=3). */
export function slabOrder(size: number, nrCpus: number): number {
  const fits = (order: number): number => Math.floor((PAGE_SIZE << order) / size);
  const wanted = 4 * (33 - Math.clz32(nrCpus));
  for (let objects = Math.min(wanted, fits(MAX_SLAB_ORDER)); objects > 1; objects--) {
    for (let fraction = 16; fraction >= 4; fraction /= 2) {
      for (let order = 0; order <= MAX_SLAB_ORDER; order++) {
        const bytes = PAGE_SIZE << order;
        if (fits(order) >= objects && bytes % size <= bytes / fraction) return order;
      }
    }
  }
  let order = 0;
  while (fits(order) === 0) order++;
  return order;
}

/** Fills the fields of struct kmem_cache that /proc/slabinfo and debuggers read; the rest stays zero. */
export class KmemCacheWriter {
  readonly #ram: Ram;
  readonly #offsets: Record<'flags' | 'size' | 'object_size' | 'refcount' | 'ctor' | 'inuse' | 'align' | 'name' | 'useroffset' | 'usersize', number>;
  /** Without the per-node pointers that this machine has no nodes for. */
  readonly sizeBytes: number;

  constructor(abi: Abi, ram: Ram) {
    this.#ram = ram;
    const s = abi.struct('kmem_cache');
    const o = (field: string): number => s.offset(field);
    this.#offsets = {
      flags: o('flags'), size: o('size'), object_size: o('object_size'), refcount: o('refcount'), ctor: o('ctor'), inuse: o('inuse'),
      align: o('align'), name: o('name'), useroffset: o('useroffset'), usersize: o('usersize'),
    };
    this.sizeBytes = Math.ceil((o('node') + 8) / 64) * 64;
  }
  write(at: Ptr<'kmem_cache'>, shape: CacheShape, name: Ptr): void {
    const ram = this.#ram;
    const o = this.#offsets;
    ram.writeU32(at + o.flags, shape.flags);
    ram.writeU32(at + o.size, shape.size);
    ram.writeU32(at + o.object_size, shape.objectSize);
    ram.writeU32(at + o.refcount, 1);
    ram.writePtr(at + o.ctor, shape.ctor);
    ram.writeU32(at + o.inuse, shape.objectSize);
    ram.writeU32(at + o.align, shape.align);
    ram.writePtr(at + o.name, name);
    ram.writeU32(at + o.useroffset, shape.userOffset);
    ram.writeU32(at + o.usersize, shape.userSize);
  }
}
