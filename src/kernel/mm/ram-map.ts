// Who owns which part of RAM. From the bottom: page 0 (never mapped), CPU blocks, boot stacks, per-CPU areas, free pages
// below 16 MiB (ZONE_DMA), kernel text and data, the array of `struct page`, free pages, and at the top the zone that
// modules may not write. What translated code reaches only on its slow path (cpu/layout.ts) stays out of use. Physical
// address = RAM offset, so `__pa`, `__va` and `virt_to_page` as modules inline them need only
// phys_base = 0, page_offset_base = KERNEL_BASE and vmemmap_base = the page array. Linux: Documentation/x86/x86_64/mm.rst.

import type { Abi } from '../../abi/abi.ts';
import { addressAt, alignUp, PAGE_SHIFT, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { assert } from '../../base/assert.ts';
import { ACCESS_FLOOR, ACCESS_REACH, CPU_BLOCK_OFFSET, CPU_BLOCK_SIZE, KERNEL_TEXT_OFFSET, KERNEL_TEXT_SIZE, READ_ONLY_SHARE } from '../../cpu/layout.ts';
import { KERNEL_DATA_SIZE } from '../image.ts';

export const MAX_CPUS = 8;
/** THREAD_SIZE of x86-64. */
export const STACK_SIZE = 16384;
/** Static section of vmlinux, modules' static and all dynamic per-CPU memory of one CPU. Untouched pages cost nothing. */
const PER_CPU_STRIDE = 0x10_0000;
/** First page frame that a device with 24 address lines cannot reach (MAX_DMA_PFN). */
export const DMA_ZONE_END = (16 << 20) >> PAGE_SHIFT;

/** Page frames `[start, end)`. */
export interface PageRange { readonly start: number; readonly end: number }

export interface RamMap {
  readonly sizeBytes: number;
  readonly nrCpus: number;
  readonly nrPages: number;
  /** STACK_SIZE bytes per CPU, for the context that boots it. */
  readonly bootStacks: Ptr;
  readonly perCpuAreas: Ptr;
  readonly perCpuStride: number;
  /** `struct page` of frame 0. */
  readonly vmemmap: Ptr<'page'>;
  readonly pageStructSize: number;
  /** What the page allocator hands out, ascending. */
  readonly managed: readonly PageRange[];
  /** Module text and rodata: `[readOnlyStart, readOnlyEnd)`. */
  readonly readOnlyStart: Ptr;
  readonly readOnlyEnd: Ptr;
}

export function layOutRam(sizeBytes: number, nrCpus: number, abi: Abi): RamMap {
  assert(nrCpus >= 1 && nrCpus <= MAX_CPUS, `1 to ${MAX_CPUS} CPUs`);
  assert(abi.perCpuSizeBytes < PER_CPU_STRIDE / 2, 'the static per-CPU section fits its area');
  const nrPages = sizeBytes >> PAGE_SHIFT;
  const pageStructSize = abi.sizeOf('page');
  const bootStacks = alignUp(Math.max(CPU_BLOCK_OFFSET + MAX_CPUS * CPU_BLOCK_SIZE, ACCESS_FLOOR), STACK_SIZE);
  const perCpuAreas = alignUp(bootStacks + nrCpus * STACK_SIZE, PER_CPU_STRIDE);
  const lowFree = perCpuAreas + nrCpus * PER_CPU_STRIDE;
  const vmemmap = KERNEL_TEXT_OFFSET + KERNEL_TEXT_SIZE + KERNEL_DATA_SIZE;
  const highFree = alignUp(vmemmap + nrPages * pageStructSize, PAGE_SIZE);
  const readOnlyStart = alignUp(Math.ceil(sizeBytes * (1 - READ_ONLY_SHARE)), PAGE_SIZE);
  assert(lowFree <= KERNEL_TEXT_OFFSET && highFree < readOnlyStart, 'RAM is large enough for the kernel');
  return {
    sizeBytes, nrCpus, nrPages, pageStructSize,
    bootStacks: addressAt(bootStacks),
    perCpuAreas: addressAt(perCpuAreas),
    perCpuStride: PER_CPU_STRIDE,
    vmemmap: vmemmap + addressAt(0),
    managed: [
      { start: lowFree >> PAGE_SHIFT, end: KERNEL_TEXT_OFFSET >> PAGE_SHIFT },
      { start: highFree >> PAGE_SHIFT, end: (readOnlyStart - ACCESS_REACH) >> PAGE_SHIFT },
    ],
    readOnlyStart: addressAt(readOnlyStart),
    readOnlyEnd: addressAt(sizeBytes - ACCESS_REACH),
  };
}
