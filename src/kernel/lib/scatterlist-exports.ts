// Scatter lists: arrays of (page, offset, length), possibly chained. The two lowest bits of page_link mark a chain (1) and the
// end (2). Linux: lib/scatterlist.c.

import type { Abi } from '../../abi/abi.ts';
import { KERNEL_BASE, PAGE_SHIFT, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { Allocator } from '../services.ts';

const CHAIN = 1, END = 2;
const EINVAL = 22, ENOMEM = 12;
type Sg = Ptr<'scatterlist'>;

/** The part of memory management that scatter lists need. */
export interface PageMap { readonly vmemmap: Ptr; readonly pageStructSize: number }

class ScatterLists {
  readonly ram: Ram;
  readonly #map: PageMap;
  readonly size: number;
  readonly #offset: { readonly link: number; readonly offset: number; readonly length: number };

  constructor(ram: Ram, abi: Abi, map: PageMap) {
    this.ram = ram;
    this.#map = map;
    const s = abi.struct('scatterlist');
    this.size = s.sizeBytes;
    this.#offset = { link: s.offset('page_link'), offset: s.offset('offset'), length: s.offset('length') };
  }
  #link(sg: Sg): Ptr { return this.ram.readPtr(sg + this.#offset.link); }
  isEnd(sg: Sg): boolean { return (this.#link(sg) & END) !== 0; }
  length(sg: Sg): number { return this.ram.readU32(sg + this.#offset.length); }
  offsetIn(sg: Sg): number { return this.ram.readU32(sg + this.#offset.offset); }
  /** Address of the entry's first byte. */
  address(sg: Sg): Ptr {
    const page = this.#link(sg) - (this.#link(sg) & 3);
    return Math.floor((page - this.#map.vmemmap) / this.#map.pageStructSize) * PAGE_SIZE + KERNEL_BASE + this.offsetIn(sg);
  }
  next(sg: Sg): Sg {
    if (this.isEnd(sg)) return 0;
    const next = sg + this.size;
    const link = this.#link(next);
    return (link & CHAIN) !== 0 ? link - (link & 3) : next;
  }
  *each(start: Sg): Iterable<Sg> { for (let sg = start; sg !== 0; sg = this.next(sg)) yield sg; }

  init(sg: Sg, n: number): void {
    this.ram.fill(sg, n * this.size);
    this.ram.writePtr(sg + (n - 1) * this.size + this.#offset.link, END);
  }
  setBuffer(sg: Sg, buffer: Ptr, length: number): void {
    const page = this.#map.vmemmap + ((buffer - KERNEL_BASE) >>> PAGE_SHIFT) * this.#map.pageStructSize;
    this.ram.writePtr(sg + this.#offset.link, page + (this.#link(sg) & 3));
    this.ram.writeU32(sg + this.#offset.offset, buffer & (PAGE_SIZE - 1));
    this.ram.writeU32(sg + this.#offset.length, length);
  }
}

export function scatterlistExports(ram: Ram, abi: Abi, map: PageMap, allocator: Allocator): ExportTable {
  const lists = new ScatterLists(ram, abi, map);
  const table = { sgl: abi.struct('sg_table').offset('sgl'), nents: abi.struct('sg_table').offset('nents'), original: abi.struct('sg_table').offset('orig_nents') };
  const nents = (sg: Sg): number => [...lists.each(sg)].length;
  /** Copies between a flat buffer and the list, `skip` bytes into it; the number of bytes copied. */
  const copy = (sg: Sg, n: number, buffer: Ptr, length: number, skip: number, toBuffer: boolean): number => {
    let done = 0;
    let toSkip = skip;
    let left = n;
    for (const entry of lists.each(sg)) {
      if (left-- === 0 || done === length) break;
      const skipped = Math.min(toSkip, lists.length(entry));
      toSkip -= skipped;
      const part = Math.min(lists.length(entry) - skipped, length - done);
      if (part === 0) continue;
      const at = lists.address(entry) + skipped;
      if (buffer === 0) ram.fill(at, part);
      else if (toBuffer) ram.copy(buffer + done, at, part);
      else ram.copy(at, buffer + done, part);
      done += part;
    }
    return done;
  };
  return {
    sg_init_table: fn('sg_init_table', (sg: Sg, n: number) => lists.init(sg, n)),
    sg_init_one: fn('sg_init_one', (sg: Sg, buffer: Ptr, length: number) => {
      lists.init(sg, 1);
      lists.setBuffer(sg, buffer, length);
    }),
    sg_next: fn('sg_next', (sg: Sg) => lists.next(sg)),
    sg_nents: fn('sg_nents', nents),
    sg_nents_for_len: fn('sg_nents_for_len', (sg: Sg, length: bigint) => {
      if (length === 0n) return 0;
      let total = 0n;
      let n = 0;
      for (const entry of lists.each(sg)) {
        n++;
        total += BigInt(lists.length(entry));
        if (total >= length) return n;
      }
      return -EINVAL;
    }),
    sg_last: fn('sg_last', (sg: Sg, n: number) => {
      let last: Sg = 0;
      let left = n;
      for (const entry of lists.each(sg)) {
        if (left-- === 0) break;
        last = entry;
      }
      return last;
    }),
    // One array, whatever its length: Linux chains arrays of a page, which nothing but sg_next() can tell.
    sg_alloc_table: fn('sg_alloc_table', (at: Ptr<'sg_table'>, n: number, gfp: number) => {
      ram.fill(at, abi.sizeOf('sg_table'));
      if (n === 0) return -EINVAL;
      const sg = allocator.kmalloc(n * lists.size, gfp);
      if (sg === 0) return -ENOMEM;
      lists.init(sg, n);
      ram.writePtr(at + table.sgl, sg);
      ram.writeU32(at + table.nents, n);
      ram.writeU32(at + table.original, n);
      return 0;
    }),
    sg_free_table: fn('sg_free_table', (at: Ptr<'sg_table'>) => {
      allocator.kfree(ram.readPtr(at + table.sgl));
      ram.writePtr(at + table.sgl, 0);
      ram.writeU32(at + table.original, 0);
    }),
    sg_copy_buffer: fn('sg_copy_buffer', (sg: Sg, n: number, buffer: Ptr, length: number, skip: number, toBuffer: boolean) => copy(sg, n, buffer, length, skip, toBuffer)),
    sg_copy_from_buffer: fn('sg_copy_from_buffer', (sg: Sg, n: number, buffer: Ptr, length: number) => copy(sg, n, buffer, length, 0, false)),
    sg_copy_to_buffer: fn('sg_copy_to_buffer', (sg: Sg, n: number, buffer: Ptr, length: number) => copy(sg, n, buffer, length, 0, true)),
    sg_pcopy_from_buffer: fn('sg_pcopy_from_buffer', (sg: Sg, n: number, buffer: Ptr, length: number, skip: number) => copy(sg, n, buffer, length, skip, false)),
    sg_pcopy_to_buffer: fn('sg_pcopy_to_buffer', (sg: Sg, n: number, buffer: Ptr, length: number, skip: number) => copy(sg, n, buffer, length, skip, true)),
    sg_zero_buffer: fn('sg_zero_buffer', (sg: Sg, n: number, length: number, skip: number) => copy(sg, n, 0, length, skip, false)),
    ...pageIteratorExports(ram, abi, lists),
  };
}

/** Walks the pages of a list: for_each_sg_page(). */
function pageIteratorExports(ram: Ram, abi: Abi, lists: ScatterLists): ExportTable {
  const s = abi.struct('sg_page_iter');
  const iter = { sg: s.offset('sg'), page: s.offset('sg_pgoffset'), left: s.offset('__nents'), advance: s.offset('__pg_advance') };
  const pagesOf = (sg: Sg): number => Math.ceil((lists.offsetIn(sg) + lists.length(sg)) / PAGE_SIZE);
  return {
    __sg_page_iter_start: fn('__sg_page_iter_start', (it: Ptr<'sg_page_iter'>, sg: Sg, n: number, page: number) => {
      ram.writeU32(it + iter.advance, 0);
      ram.writeU32(it + iter.left, n);
      ram.writePtr(it + iter.sg, sg);
      ram.writeU32(it + iter.page, page);
    }),
    __sg_page_iter_next: fn('__sg_page_iter_next', (it: Ptr<'sg_page_iter'>) => {
      let sg = ram.readPtr(it + iter.sg);
      let left = ram.readU32(it + iter.left);
      if (left === 0 || sg === 0) return false;
      let page = ram.readU32(it + iter.page) + ram.readU32(it + iter.advance);
      ram.writeU32(it + iter.advance, 1);
      while (page >= pagesOf(sg)) {
        page -= pagesOf(sg);
        sg = lists.next(sg);
        left--;
        if (left === 0 || sg === 0) break;
      }
      ram.writePtr(it + iter.sg, sg);
      ram.writeU32(it + iter.left, left);
      ram.writeU32(it + iter.page, page);
      return left > 0 && sg !== 0;
    }),
  };
}
