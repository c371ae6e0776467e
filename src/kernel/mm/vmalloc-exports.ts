// Exported symbols of vmalloc and of the allocators that fall back to it (kvmalloc).

import type { Abi } from '../../abi/abi.ts';
import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { MemoryFault, type Ram } from '../../base/ram.ts';
import { RAX, RDI, RSI } from '../../ir/ir.ts';
import { fn, raw, since, type ExportTable } from '../exports/define.ts';
import type { Log, Reporter } from '../services.ts';
import { __GFP_NOWARN, GFP_KERNEL } from './gfp.ts';
import type { Pages } from './pages.ts';
import type { SlabAllocator } from './slab.ts';
import type { CallSite } from './slab-exports.ts';
import type { VmallocAreas } from './vmalloc.ts';
import type { WarnSites } from './warn-sites.ts';

export interface VmallocDeps {
  readonly abi: Abi;
  readonly ram: Ram;
  readonly areas: VmallocAreas;
  readonly slab: SlabAllocator;
  readonly pages: Pages;
  readonly reporter: Reporter;
  readonly log: Log;
  readonly sites: WarnSites;
  readonly caller: CallSite;
  /** %p as the log shows it: hashed. */
  readonly hashPointer: (addr: Ptr) => string;
}

const INT_MAX = 0x7fff_ffff;

/** vmalloc(), vfree() and the kv*() family with Linux's complaints. */
export class Vmalloc {
  readonly #deps: VmallocDeps;
  constructor(deps: VmallocDeps) { this.#deps = deps; }

  alloc(size: number, gfp: number): Ptr {
    const { areas, pages, reporter, log, sites, caller } = this.#deps;
    if (size === 0) {
      reporter.warn(sites.vmallocZero, '');
      return 0;
    }
    // An unsigned long in the top 2 GiB arrives as the negative number that an address would be.
    const fits = size > 0 && Math.ceil(size / PAGE_SIZE) <= pages.totalPages;
    const addr = fits ? areas.alloc(size, gfp, caller()) : 0;
    if (addr === 0 && (gfp & __GFP_NOWARN) === 0) {
      log.printk(4, `vmalloc error: size ${BigInt.asUintN(64, BigInt(size))}, ${fits ? 'failed to allocate pages' : 'exceeds total pages'}, mode:0x${gfp.toString(16)}`);
      reporter.dumpStack();
    }
    return addr;
  }
  /** Any page of an area stands for all of it, as Linux has it. */
  free(addr: Ptr): void {
    const { areas, reporter, sites, hashPointer, abi } = this.#deps;
    if (addr === 0) return;
    if (addr % PAGE_SIZE !== 0) {
      reporter.warn(sites.vfreeBadAddress, `Trying to vfree() bad address (${hashPointer(addr)})`);
      // 6.12 looks for the area all the same, and then has none.
      if (abi.kernelVersion[1] < 12) return;
    } else if (areas.free(addr)) return;
    reporter.warn(sites.vfreeNonexistent, `Trying to vfree() nonexistent vm area (${hashPointer(addr)})`);
  }
  /** kmalloc() first; whole pages when that fails. */
  kvmalloc(size: number, gfp: number): Ptr {
    const { slab, reporter, sites, caller } = this.#deps;
    const addr = slab.kmalloc(size, size > PAGE_SIZE ? gfp | __GFP_NOWARN : gfp, caller());
    if (addr !== 0 || size <= PAGE_SIZE) return addr;
    if (size > INT_MAX) {
      if ((gfp & __GFP_NOWARN) === 0) reporter.warn(sites.kvmallocTooLarge, '');
      return 0;
    }
    return this.alloc(size, gfp);
  }
  kvfree(addr: Ptr): void {
    if (this.#deps.areas.find(addr) !== undefined) this.free(addr);
    else this.#deps.slab.kfree(addr);
  }
  /** vmap(): possible only for pages that follow each other, which then are where they already were. */
  map(list: Ptr, count: number): Ptr {
    const { ram, pages, log } = this.#deps;
    const first = pages.structs.pfnOf(ram.readPtr(list));
    for (let i = 1; i < count; i++) {
      if (pages.structs.pfnOf(ram.readPtr(list + i * 8)) === first + i) continue;
      log.printk(3, 'kobox: vmap() of pages that do not follow each other is not supported');
      return 0;
    }
    return count === 0 ? 0 : pages.addressOf(first);
  }
  unmap(_addr: Ptr): void {}
  /** Bytes that may be used, of any of the three kinds of memory. */
  usableSize(addr: Ptr): number {
    const area = this.#deps.areas.find(addr);
    return area ? area.nrPages * PAGE_SIZE : this.#deps.slab.ksize(addr);
  }
  kvrealloc(addr: Ptr, oldSize: number, newSize: number, gfp: number): Ptr {
    if (oldSize >= newSize) return addr;
    const moved = this.kvmalloc(newSize, gfp);
    if (moved !== 0 && addr !== 0) {
      this.#deps.ram.copy(moved, addr, oldSize);
      this.kvfree(addr);
    }
    return moved;
  }
}

export function vmallocExports(vmalloc: Vmalloc, deps: VmallocDeps): ExportTable {
  const { ram, areas, pages } = deps;
  const plain = (size: number): Ptr => vmalloc.alloc(size, GFP_KERNEL);
  const pageAt = (addr: Ptr): number => {
    if (areas.find(addr) === undefined && !ram.has(addr, 1)) throw new MemoryFault(addr, 8, false);
    return pages.pfnOf(addr);
  };
  const array = (n: number, size: number, gfp: number): Ptr => n * size >= 2 ** 64 ? 0 : vmalloc.alloc(n * size, gfp);
  const isVmalloc = (addr: Ptr): boolean => areas.find(addr) !== undefined;
  const noprof = since.bind(null, [6, 12] as const);
  return {
    vmalloc: fn('vmalloc', plain),
    vzalloc: fn('vzalloc', plain),
    __vmalloc: fn('__vmalloc', (size: number, gfp: number) => vmalloc.alloc(size, gfp)),
    vmalloc_node: fn('vmalloc_node', (size: number, _node: number) => plain(size)),
    vzalloc_node: fn('vzalloc_node', (size: number, _node: number) => plain(size)),
    vmalloc_user: fn('vmalloc_user', plain),
    vmalloc_32: fn('vmalloc_32', plain),
    vmalloc_32_user: fn('vmalloc_32_user', plain),
    vmalloc_huge: fn('vmalloc_huge', (size: number, gfp: number) => vmalloc.alloc(size, gfp)),
    vmalloc_array: fn('vmalloc_array', (n: number, size: number) => array(n, size, GFP_KERNEL)),
    __vmalloc_array: fn('__vmalloc_array', (n: number, size: number, gfp: number) => array(n, size, gfp)),
    vcalloc: fn('vcalloc', (n: number, size: number) => array(n, size, GFP_KERNEL)),
    __vcalloc: fn('__vcalloc', (n: number, size: number, gfp: number) => array(n, size, gfp)),
    vfree: fn('vfree', (addr: Ptr) => vmalloc.free(addr)),
    is_vmalloc_addr: fn('is_vmalloc_addr', (addr: Ptr) => isVmalloc(addr)),
    vmalloc_to_page: fn('vmalloc_to_page', (addr: Ptr) => pages.structs.at(pageAt(addr))),
    vmalloc_to_pfn: fn('vmalloc_to_pfn', (addr: Ptr) => pageAt(addr)),
    kvmalloc_node: fn('kvmalloc_node', (size: number, gfp: number, _node: number) => vmalloc.kvmalloc(size, gfp)),
    kvrealloc: fn('kvrealloc', (p: Ptr, oldSize: number, newSize: number, gfp: number) => vmalloc.kvrealloc(p, oldSize, newSize, gfp)),
    kvfree: fn('kvfree', (addr: Ptr) => vmalloc.kvfree(addr)),
    kvfree_sensitive: fn('kvfree_sensitive', (addr: Ptr, size: number) => {
      if (addr === 0) return;
      ram.fill(addr, size);
      vmalloc.kvfree(addr);
    }),
    // The last argument of vmap() is a struct by value.
    vmap: raw((regs) => regs.set(RAX, vmalloc.map(regs.get(RDI), regs.get(RSI) >>> 0))),
    vunmap: fn('vunmap', (addr: Ptr) => vmalloc.unmap(addr)),
    vm_map_ram: fn('vm_map_ram', (list: Ptr, count: number, _node: number) => vmalloc.map(list, count)),
    vm_unmap_ram: fn('vm_unmap_ram', (addr: Ptr, _count: number) => vmalloc.unmap(addr)),
    __virt_addr_valid: raw((regs) => regs.set(RAX, ram.has(regs.get(RDI), 1) ? 1 : 0)),

    vmalloc_noprof: noprof(fn('vmalloc_noprof', plain)),
    vzalloc_noprof: noprof(fn('vzalloc_noprof', plain)),
    __vmalloc_noprof: noprof(fn('__vmalloc_noprof', (size: number, gfp: number) => vmalloc.alloc(size, gfp))),
    vmalloc_node_noprof: noprof(fn('vmalloc_node_noprof', (size: number, _node: number) => plain(size))),
    vzalloc_node_noprof: noprof(fn('vzalloc_node_noprof', (size: number, _node: number) => plain(size))),
    vmalloc_user_noprof: noprof(fn('vmalloc_user_noprof', plain)),
    vmalloc_32_noprof: noprof(fn('vmalloc_32_noprof', plain)),
    vmalloc_32_user_noprof: noprof(fn('vmalloc_32_user_noprof', plain)),
    vmalloc_huge_noprof: noprof(fn('vmalloc_huge_noprof', (size: number, gfp: number) => vmalloc.alloc(size, gfp))),
    vmalloc_array_noprof: noprof(fn('vmalloc_array_noprof', (n: number, size: number) => array(n, size, GFP_KERNEL))),
    __vmalloc_array_noprof: noprof(fn('__vmalloc_array_noprof', (n: number, size: number, gfp: number) => array(n, size, gfp))),
    vcalloc_noprof: noprof(fn('vcalloc_noprof', (n: number, size: number) => array(n, size, GFP_KERNEL))),
    __vcalloc_noprof: noprof(fn('__vcalloc_noprof', (n: number, size: number, gfp: number) => array(n, size, gfp))),
    __kvmalloc_node_noprof: noprof(fn('__kvmalloc_node_noprof', (size: number, _buckets: Ptr, gfp: number, _node: number) => vmalloc.kvmalloc(size, gfp))),
    kvrealloc_noprof: noprof(fn('kvrealloc_noprof', (p: Ptr, size: number, gfp: number) => vmalloc.kvrealloc(p, p === 0 ? 0 : vmalloc.usableSize(p), size, gfp))),
    is_vmalloc_or_module_addr: noprof(fn('is_vmalloc_or_module_addr', (addr: Ptr) => isVmalloc(addr))),
  };
}
