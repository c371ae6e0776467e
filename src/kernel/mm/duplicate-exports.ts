// kmemdup(), kstrdup() and relatives: an allocation and a copy. Linux: mm/util.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { fn, since, type ExportTable } from '../exports/define.ts';
import type { SlabAllocator } from './slab.ts';
import type { CallSite } from './slab-exports.ts';
import type { Vmalloc } from './vmalloc-exports.ts';

/** `isReadOnly`: memory of the image or of a module that outlives any copy (Linux: the kernel's .rodata only). */
export interface DuplicateDeps {
  readonly ram: Ram;
  readonly slab: SlabAllocator;
  readonly vmalloc: Vmalloc;
  readonly caller: CallSite;
  readonly isKernelRodata: (addr: Ptr) => boolean;
}

export function duplicateExports({ ram, slab, vmalloc, caller, isKernelRodata }: DuplicateDeps): ExportTable {
  const kmemdup = (src: Ptr, size: number, gfp: number): Ptr => {
    const copy = slab.kmalloc(size, gfp, caller());
    if (copy !== 0 && size > 0) ram.copy(copy, src, size);
    return copy;
  };
  /** `length` bytes and a NUL. */
  const dupString = (src: Ptr, length: number, gfp: number): Ptr => {
    const copy = slab.kmalloc(length + 1, gfp, caller());
    if (copy === 0) return 0;
    if (length > 0) ram.copy(copy, src, length);
    ram.writeU8(copy + length, 0);
    return copy;
  };
  const kstrdup = (s: Ptr, gfp: number): Ptr => s === 0 ? 0 : dupString(s, ram.strnlen(s), gfp);
  const kvmemdup = (src: Ptr, size: number, gfp: number): Ptr => {
    const copy = vmalloc.kvmalloc(size, gfp);
    if (copy !== 0 && size > 0) ram.copy(copy, src, size);
    return copy;
  };
  const noprof = since.bind(null, [6, 12] as const);
  return {
    kmemdup: fn('kmemdup', (src: Ptr, size: number, gfp: number) => kmemdup(src, size, gfp)),
    kmemdup_nul: fn('kmemdup_nul', (s: Ptr, length: number, gfp: number) => s === 0 ? 0 : dupString(s, length, gfp)),
    kstrdup: fn('kstrdup', (s: Ptr, gfp: number) => kstrdup(s, gfp)),
    kstrndup: fn('kstrndup', (s: Ptr, max: number, gfp: number) => s === 0 ? 0 : dupString(s, ram.strnlen(s, max), gfp)),
    kstrdup_const: fn('kstrdup_const', (s: Ptr, gfp: number) => isKernelRodata(s) ? s : kstrdup(s, gfp)),
    kfree_const: fn('kfree_const', (p: Ptr) => { if (!isKernelRodata(p)) slab.kfree(p); }),
    kmemdup_noprof: noprof(fn('kmemdup_noprof', (src: Ptr, size: number, gfp: number) => kmemdup(src, size, gfp))),
    kmemdup_array: noprof(fn('kmemdup_array', (src: Ptr, count: number, elementSize: number, gfp: number) =>
      count * elementSize >= 2 ** 64 ? 0 : kmemdup(src, count * elementSize, gfp))),
    kvmemdup: noprof(fn('kvmemdup', (src: Ptr, size: number, gfp: number) => kvmemdup(src, size, gfp))),
  };
}
