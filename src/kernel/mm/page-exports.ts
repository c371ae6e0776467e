// Exported symbols of the page allocator. Functions that C declares with an `unsigned long` address take it as the signed
// word it is in a register.

import { KERNEL_BASE, PAGE_SHIFT, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { MemoryFault } from '../../base/ram.ts';
import { RDI, RSI } from '../../ir/ir.ts';
import { data, fn, raw, since, type ExportTable } from '../exports/define.ts';
import { __GFP_COMP } from './gfp.ts';
import { MAX_PAGE_ORDER, type Pages } from './pages.ts';
import type { Ram } from '../../base/ram.ts';
import type { RamMap } from './ram-map.ts';
import type { Reporter } from '../services.ts';
import type { WarnSites } from './warn-sites.ts';

export interface PageExportDeps {
  readonly ram: Ram;
  readonly map: RamMap;
  readonly pages: Pages;
  readonly reporter: Reporter;
  readonly sites: WarnSites;
}

export function pageExports({ ram, map, pages, reporter, sites }: PageExportDeps): ExportTable {
  const { structs } = pages;
  const pageOf = (pfn: number): Ptr<'page'> => pfn === 0 ? 0 : structs.at(pfn);
  /** A `struct page *` from a module; one that is none faults as Linux's first access to it would. */
  const pfnOf = (page: Ptr): number => {
    const pfn = structs.pfnOf(page);
    if (!(pfn >= 0 && pfn < map.nrPages)) throw new MemoryFault(page, 8, false);
    return pfn;
  };
  const pfnOfAddress = (addr: Ptr): number => {
    if (!ram.has(addr, 1)) throw new MemoryFault(map.vmemmap + ((addr - KERNEL_BASE) >> PAGE_SHIFT) * map.pageStructSize, 8, false);
    return pages.pfnOf(addr);
  };
  const alloc = (gfp: number, order: number): Ptr<'page'> => pageOf(pages.alloc(gfp, order));
  const getFreePages = (gfp: number, order: number): Ptr => {
    const pfn = pages.alloc(gfp, order);
    return pfn === 0 ? 0 : pages.addressOf(pfn);
  };
  /** Whole pages for `size` bytes; what the order leaves over goes back. */
  const allocExact = (size: number, gfp: number): Ptr => {
    if ((gfp & __GFP_COMP) !== 0) reporter.warn(sites.allocPagesExact, '');
    const nr = Math.ceil(size / PAGE_SIZE);
    if (nr > 1 << MAX_PAGE_ORDER) return getFreePages(gfp, MAX_PAGE_ORDER + 1);
    const pfn = pages.allocRun(Math.max(nr, 1), gfp);
    return pfn === 0 ? 0 : pages.addressOf(pfn);
  };
  const allocBulk = (gfp: number, nr: number, store: (index: number, page: Ptr) => void, isFilled: (index: number) => boolean): number => {
    for (let i = 0; i < nr; i++) {
      if (isFilled(i)) continue;
      const pfn = pages.alloc(gfp, 0);
      if (pfn === 0) return i;
      store(i, structs.at(pfn));
    }
    return nr;
  };
  const allocPagesBulk = (gfp: number, _nid: number, _mask: Ptr, nr: number, list: Ptr, array: Ptr): number => {
    if (array !== 0) return allocBulk(gfp, nr, (i, page) => ram.writePtr(array + i * 8, page), (i) => ram.readPtr(array + i * 8) !== 0);
    return allocBulk(gfp, nr, (_i, page) => addToList(ram, page + 8, list), () => false);
  };
  const folioAlloc = (gfp: number, order: number): Ptr<'folio'> => alloc(gfp | __GFP_COMP, order) as number;
  const noprof = since.bind(null, [6, 12] as const);
  return {
    alloc_pages: fn('alloc_pages', (gfp: number, order: number) => alloc(gfp, order)),
    __alloc_pages: fn('__alloc_pages', (gfp: number, order: number, _nid: number, _mask: Ptr) => alloc(gfp, order)),
    __folio_alloc: fn('__folio_alloc', (gfp: number, order: number, _nid: number, _mask: Ptr) => folioAlloc(gfp, order)),
    folio_alloc: fn('folio_alloc', (gfp: number, order: number) => folioAlloc(gfp, order)),
    __alloc_pages_bulk: fn('__alloc_pages_bulk', allocPagesBulk),
    __get_free_pages: fn('__get_free_pages', (gfp: number, order: number) => getFreePages(gfp, order)),
    get_zeroed_page: fn('get_zeroed_page', (gfp: number) => getFreePages(gfp, 0)),
    alloc_pages_exact: fn('alloc_pages_exact', (size: number, gfp: number) => allocExact(size, gfp)),
    __free_pages: fn('__free_pages', (page: Ptr<'page'>, order: number) => pages.free(pfnOf(page), order)),
    free_pages: raw((regs) => {
      const addr = regs.get(RDI);
      if (addr !== 0) pages.free(pfnOfAddress(addr), regs.get(RSI) & 0xff);
    }),
    free_pages_exact: fn('free_pages_exact', (addr: Ptr, size: number) => {
      const first = pfnOfAddress(addr);
      for (let i = 0; i < Math.ceil(size / PAGE_SIZE); i++) pages.free(first + i, 0);
    }),
    __folio_put: fn('__folio_put', (folio: Ptr<'folio'>) => pages.put(pfnOf(folio))),
    put_pages_list: fn('put_pages_list', (list: Ptr<'list_head'>) => {
      for (let at = ram.readPtr(list); at !== list;) {
        const next = ram.readPtr(at);
        const pfn = pfnOf(at - 8);
        pages.free(structs.headOf(pfn), structs.compoundOrder(structs.headOf(pfn)));
        at = next;
      }
      ram.writePtr(list, list);
      ram.writePtr(list + 8, list);
    }),
    split_page: fn('split_page', (page: Ptr<'page'>, order: number) => pages.split(pfnOf(page), order)),
    page_frag_free: fn('page_frag_free', (addr: Ptr) => {
      const head = structs.headOf(pfnOfAddress(addr));
      pages.free(head, structs.compoundOrder(head));
    }),
    __page_frag_cache_drain: fn('__page_frag_cache_drain', (page: Ptr<'page'>, count: number) => {
      const pfn = pfnOf(page);
      structs.setRefcount(pfn, structs.refcount(pfn) - count + 1);
      pages.free(pfn, structs.compoundOrder(pfn));
    }),
    nr_free_buffer_pages: fn('nr_free_buffer_pages', () => pages.freePages),
    si_mem_available: fn('si_mem_available', () => pages.freePages),
    _totalram_pages: data(8, (at) => ram.writePtr(at, pages.totalPages)),

    alloc_pages_noprof: noprof(fn('alloc_pages_noprof', (gfp: number, order: number) => alloc(gfp, order))),
    __alloc_pages_noprof: noprof(fn('__alloc_pages_noprof', (gfp: number, order: number, _nid: number, _mask: Ptr) => alloc(gfp, order))),
    __folio_alloc_noprof: noprof(fn('__folio_alloc_noprof', (gfp: number, order: number, _nid: number, _mask: Ptr) => folioAlloc(gfp, order))),
    folio_alloc_noprof: noprof(fn('folio_alloc_noprof', (gfp: number, order: number) => folioAlloc(gfp, order))),
    alloc_pages_bulk_noprof: noprof(fn('alloc_pages_bulk_noprof', allocPagesBulk)),
    get_free_pages_noprof: noprof(fn('get_free_pages_noprof', (gfp: number, order: number) => getFreePages(gfp, order))),
    get_zeroed_page_noprof: noprof(fn('get_zeroed_page_noprof', (gfp: number) => getFreePages(gfp, 0))),
    alloc_pages_exact_noprof: noprof(fn('alloc_pages_exact_noprof', (size: number, gfp: number) => allocExact(size, gfp))),
  };
}

/** list_add(entry, head). */
function addToList(ram: Ram, entry: Ptr, head: Ptr): void {
  const next = ram.readPtr(head);
  ram.writePtr(next + 8, entry);
  ram.writePtr(entry, next);
  ram.writePtr(entry + 8, head);
  ram.writePtr(head, entry);
}
