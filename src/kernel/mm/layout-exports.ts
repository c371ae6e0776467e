// The variables through which inlined macros translate between virtual addresses, physical addresses and struct page:
// __pa(), __va(), virt_to_page(), page_address(), pfn_valid(). Linux: arch/x86/include/asm/page_64.h, linux/mmzone.h.

import type { Abi } from '../../abi/abi.ts';
import { KERNEL_BASE, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { data, fn, since, type ExportTable } from '../exports/define.ts';
import type { KernelImage } from '../image.ts';
import type { RamMap } from './ram-map.ts';

const SECTION_SIZE_BITS = 27;
const SECTION_FLAGS = 0b1111; // present, has mem_map, online, early

export function layoutExports(abi: Abi, ram: Ram, image: KernelImage, map: RamMap): ExportTable {
  const word = (value: number) => data(8, (at) => ram.writePtr(at, value));
  const u32 = (value: number) => data(4, (at) => ram.writeU32(at, value), 4);
  const staticKey = () => data(abi.sizeOf('static_key_false'));
  return {
    phys_base: word(0),
    page_offset_base: word(KERNEL_BASE),
    vmemmap_base: word(map.vmemmap),
    // Areas of vmalloc lie among the other pages: the region begins where RAM does.
    vmalloc_base: word(KERNEL_BASE),
    high_memory: word(KERNEL_BASE + map.sizeBytes),
    mem_section: data(8, (at) => ram.writePtr(at, memSections(abi, ram, image, map))),
    // Four-level page tables; no memory encryption.
    pgdir_shift: u32(39),
    ptrs_per_p4d: u32(1),
    physical_mask: data(8, (at) => ram.writeU64(at, (1n << 46n) - 1n)),
    sme_me_mask: word(0),
    __default_kernel_pte_mask: data(8, (at) => ram.writeU64(at, 0xffff_ffff_ffff_ffffn)),
    hugetlb_optimize_vmemmap_key: staticKey(),
    devmap_managed_key: staticKey(),
    __put_devmap_managed_folio_refs: since([6, 7], fn('__put_devmap_managed_folio_refs', (_folio: Ptr<'folio'>, _refs: number) => false)),
    __put_devmap_managed_page_refs: fn('__put_devmap_managed_page_refs', (_page: Ptr<'page'>, _refs: number) => false),
  };
}

/** The table behind `mem_section[root][n]`: every section of RAM is present. */
function memSections(abi: Abi, ram: Ram, image: KernelImage, map: RamMap): Ptr {
  const size = abi.sizeOf('mem_section');
  const perRoot = PAGE_SIZE / size;
  const nrSections = Math.ceil(map.sizeBytes / 2 ** SECTION_SIZE_BITS);
  const nrRoots = Math.ceil(nrSections / perRoot);
  const roots = image.data('mem_section_roots', nrRoots * 8);
  const sections = image.data('mem_section_table', nrSections * size);
  for (let root = 0; root < nrRoots; root++) ram.writePtr(roots + root * 8, sections + root * perRoot * size);
  // The encoded map is the page array biased by the section's first frame: the array itself for all of them.
  const memMap = abi.struct('mem_section').offset('section_mem_map');
  for (let n = 0; n < nrSections; n++) ram.writePtr(sections + n * size + memMap, map.vmemmap + SECTION_FLAGS);
  return roots;
}
