// Where mm's own WARNs and BUGs stand in each release: what their reports name. Read off the __bug_table of Debian's kernels.

import type { SourceLine } from '../services.ts';

export interface WarnSites {
  /** __alloc_pages: order above the maximum. */
  readonly pageOrder: SourceLine;
  /** The same under kmalloc(). */
  readonly largeOrder: SourceLine;
  readonly allocPagesExact: SourceLine;
  /** kfree() of the object that is first on its free list. */
  readonly doubleFree: SourceLine;
  readonly cacheDoubleFree: SourceLine;
  /** kfree() of memory that no slab holds. */
  readonly freeOfNonSlab: SourceLine;
  /** kmem_cache_destroy() of a cache that still has objects. */
  readonly cacheStillHasObjects: SourceLine;
  /** The WARN that ends SLUB's list of what remains in a cache (6.12). */
  readonly objectsRemaining: SourceLine | undefined;
  readonly cacheBadUserRegion: SourceLine;
  readonly kvmallocTooLarge: SourceLine;
  readonly vmallocZero: SourceLine;
  readonly vfreeBadAddress: SourceLine;
  readonly vfreeNonexistent: SourceLine;
  readonly percpuBadRequest: SourceLine;
  readonly usercopyHeap: SourceLine;
  readonly usercopyAbort: SourceLine;
  readonly copyOverflow: SourceLine;
}

const site = (file: string, line: number, symbol: string, trace: { frames?: readonly string[]; via?: readonly string[] } = {}): SourceLine => ({ file, line, symbol, ...trace });
/** The exported function does not appear: it ends in a jump to the one that complains. */
const DIRECT = { frames: [] };

const SITES_6_1: WarnSites = {
  pageOrder: site('mm/page_alloc.c', 5634, '__alloc_pages'),
  largeOrder: site('mm/page_alloc.c', 5634, '__alloc_pages', { via: ['__kmalloc_large_node'] }),
  allocPagesExact: site('mm/page_alloc.c', 5930, 'alloc_pages_exact'),
  doubleFree: site('mm/slub.c', 419, '__kmem_cache_free', DIRECT),
  cacheDoubleFree: site('mm/slub.c', 419, 'kmem_cache_free'),
  freeOfNonSlab: site('mm/slab_common.c', 904, 'free_large_kmalloc'),
  cacheStillHasObjects: site('mm/slab_common.c', 493, 'kmem_cache_destroy'),
  objectsRemaining: undefined,
  cacheBadUserRegion: site('mm/slab_common.c', 321, 'kmem_cache_create_usercopy', DIRECT),
  kvmallocTooLarge: site('mm/util.c', 596, 'kvmalloc_node'),
  vmallocZero: site('mm/vmalloc.c', 3227, '__vmalloc_node_range', { frames: ['__vmalloc_node'] }),
  vfreeBadAddress: site('mm/vmalloc.c', 2752, '__vunmap', DIRECT),
  vfreeNonexistent: site('mm/vmalloc.c', 2758, '__vunmap', DIRECT),
  percpuBadRequest: site('mm/percpu.c', 1758, 'pcpu_alloc', DIRECT),
  usercopyHeap: site('mm/usercopy.c', 101, 'usercopy_abort', { via: ['__check_heap_object'] }),
  usercopyAbort: site('mm/usercopy.c', 101, 'usercopy_abort'),
  copyOverflow: site('mm/maccess.c', 228, '__copy_overflow'),
};

const SITES_6_12: WarnSites = {
  pageOrder: site('mm/page_alloc.c', 4832, '__alloc_pages_noprof'),
  largeOrder: site('mm/page_alloc.c', 4832, '__alloc_pages_noprof', { via: ['alloc_pages_mpol_noprof', '___kmalloc_large_node', '__kmalloc_large_node_noprof'] }),
  allocPagesExact: site('mm/page_alloc.c', 5139, 'alloc_pages_exact_noprof'),
  doubleFree: site('mm/slub.c', 550, 'kfree'),
  cacheDoubleFree: site('mm/slub.c', 550, 'kmem_cache_free'),
  freeOfNonSlab: site('mm/slub.c', 4799, 'free_large_kmalloc'),
  cacheStillHasObjects: site('mm/slab_common.c', 548, 'kmem_cache_destroy'),
  objectsRemaining: site('mm/slub.c', 1152, '__kmem_cache_shutdown'),
  cacheBadUserRegion: site('mm/slab_common.c', 344, '__kmem_cache_create_args'),
  kvmallocTooLarge: site('mm/util.c', 670, '__kvmalloc_node_noprof'),
  vmallocZero: site('mm/vmalloc.c', 3838, '__vmalloc_node_range_noprof', { frames: ['__vmalloc_node_noprof'] }),
  vfreeBadAddress: site('mm/vmalloc.c', 3291, 'remove_vm_area'),
  vfreeNonexistent: site('mm/vmalloc.c', 3426, 'vfree'),
  percpuBadRequest: site('mm/percpu.c', 1780, 'pcpu_alloc_noprof'),
  usercopyHeap: site('mm/usercopy.c', 102, 'usercopy_abort', { via: ['__check_heap_object'] }),
  usercopyAbort: site('mm/usercopy.c', 102, 'usercopy_abort'),
  copyOverflow: site('mm/maccess.c', 228, '__copy_overflow'),
};

export const mmWarnSites = ([major, minor]: readonly [number, number]): WarnSites => (major > 6 || minor >= 12 ? SITES_6_12 : SITES_6_1);
