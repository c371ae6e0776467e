// `struct page` as modules inline its use: flags with zone and node, _refcount, _mapcount, compound head, order and
// destructor. A page's struct is written when the page is handed out; before that it is zero. Where the fields lie, and how a
// compound page is marked, comes from the ABI: 6.1 keeps order and destructor in the first tail page, 6.12 in struct folio.

import type { Abi, Field } from '../../abi/abi.ts';
import { KERNEL_BASE, PAGE_SHIFT, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { DMA_ZONE_END, type RamMap } from './ram-map.ts';

const ZONE_DMA = 0;
const ZONE_DMA32 = 1;

export class PageStructs {
  readonly #ram: Ram;
  readonly #map: RamMap;
  /** Whole RAM as 32-bit words; struct page is 8-byte aligned. */
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #vmemmapOffset: number;
  readonly #wordsPerPage: number;
  readonly #refcountWord: number;
  readonly #mapcountWord: number;
  readonly #headWord: number;
  readonly #zoneShift: number;
  readonly #compound: CompoundLayout;
  /** The last CPU to have used a page: none yet, all bits set. */
  readonly #lastCpuLow: number;
  readonly #lastCpuHigh: number;
  readonly pgHead: number;

  constructor(abi: Abi, ram: Ram, map: RamMap) {
    this.#ram = ram;
    this.#map = map;
    this.#words = new Int32Array(ram.memory.buffer);
    this.#vmemmapOffset = map.vmemmap - KERNEL_BASE;
    this.#wordsPerPage = map.pageStructSize >> 2;
    const page = abi.struct('page');
    this.#refcountWord = page.offset('_refcount') >> 2;
    this.#mapcountWord = page.offset('_mapcount') >> 2;
    this.#headWord = page.offset('compound_head') >> 2;
    this.#zoneShift = zoneShift(abi);
    const lastCpu = ((1n << BigInt(lastCpuPidWidth(abi))) - 1n) << BigInt(32 + this.#zoneShift - lastCpuPidWidth(abi));
    this.#lastCpuLow = Number(BigInt.asIntN(32, lastCpu));
    this.#lastCpuHigh = Number(BigInt.asIntN(32, lastCpu >> 32n));
    this.pgHead = 1 << (abi.enumerator('PG_head') ?? 16);
    this.#compound = compoundLayout(abi);
  }

  /** page_to_pfn; the pointer may lie inside the struct. */
  pfnOf(page: Ptr): number { return Math.floor((page - this.#map.vmemmap) / this.#map.pageStructSize); }
  at(pfn: number): Ptr<'page'> { return this.#map.vmemmap + pfn * this.#map.pageStructSize; }
  addressOf(pfn: number): Ptr { return pfn * (1 << PAGE_SHIFT) + KERNEL_BASE; }

  #word(pfn: number): number { return (this.#vmemmapOffset >> 2) + pfn * this.#wordsPerPage; }
  refcount(pfn: number): number { return this.#words[this.#word(pfn) + this.#refcountWord]!; }
  setRefcount(pfn: number, count: number): void { this.#words[this.#word(pfn) + this.#refcountWord] = count; }
  mapcount(pfn: number): number { return this.#words[this.#word(pfn) + this.#mapcountWord]!; }
  /** The whole flags word. */
  flagsWord(pfn: number): bigint { return this.#ram.readU64(this.at(pfn)); }
  flags(pfn: number): number { return this.#words[this.#word(pfn)]! >>> 0; }
  setFlag(pfn: number, bit: number): void { this.#words[this.#word(pfn)]! |= bit; }
  clearFlag(pfn: number, bit: number): void { this.#words[this.#word(pfn)]! &= ~bit; }
  /** compound_head(): the frame itself unless it is a tail page. */
  headOf(pfn: number): number {
    const link = this.#words[this.#word(pfn) + this.#headWord]!;
    return (link & 1) === 0 ? pfn : this.pfnOf(link - 1);
  }
  isHead(pfn: number): boolean { return (this.flags(pfn) & this.pgHead) !== 0; }
  compoundOrder(pfn: number): number {
    if (!this.isHead(pfn)) return 0;
    const mark = this.#compound.marks[0]!;
    return Number(mark.field.read(this.#ram, this.at(pfn + mark.page))) & 0xff;
  }

  /** The state of pages just allocated: no flags but the zone's, unmapped, one reference on the first (or on each). */
  prepare(pfn: number, nrPages: number, referenceEach: boolean): void {
    const words = this.#words;
    const zone = (pfn < DMA_ZONE_END ? ZONE_DMA : ZONE_DMA32) << this.#zoneShift;
    const size = this.#wordsPerPage;
    const first = this.#word(pfn);
    for (let at = first, end = first + nrPages * size; at < end; at += size) {
      words.fill(0, at, at + size);
      words[at] = this.#lastCpuLow;
      words[at + 1] = zone | this.#lastCpuHigh;
      words[at + this.#mapcountWord] = -1;
      words[at + this.#refcountWord] = referenceEach || at === first ? 1 : 0;
    }
  }

  /** Turns `1 << order` prepared pages into one compound page. */
  makeCompound(pfn: number, order: number): void {
    const head = this.at(pfn);
    this.setFlag(pfn, this.pgHead);
    const link = (head | 0) + 1;
    for (let tail = pfn + 1, end = pfn + (1 << order); tail < end; tail++) {
      const at = this.#word(tail) + this.#headWord;
      this.#words[at] = link;
      this.#words[at + 1] = -1;
    }
    for (const mark of this.#compound.marks) mark.field.write(this.#ram, this.at(pfn + mark.page), mark.value(order));
  }
}

/** A field that marks a compound page, in the struct of the page `page` frames after the head. */
interface CompoundField { readonly field: Field; readonly page: number; value(order: number): number }
/** `marks[0]` holds the order. */
interface CompoundLayout { readonly marks: readonly CompoundField[] }

function compoundLayout(abi: Abi): CompoundLayout {
  const page = abi.struct('page');
  if (page.hasField('compound_order')) {
    let destructor: number | undefined;
    return { marks: [
      { field: page.field('compound_order'), page: 1, value: (order) => order },
      { field: page.field('compound_dtor'), page: 1, value: () => (destructor ??= abi.enumerator('COMPOUND_PAGE_DTOR') ?? 1) },
      { field: page.field('compound_nr'), page: 1, value: (order) => 2 ** order },
      { field: page.field('compound_mapcount.counter'), page: 1, value: () => -1 },
    ] };
  }
  const folio = abi.struct('folio');
  const later: [path: string, value: (order: number) => number][] = [
    ['_folio_nr_pages', (order) => 2 ** order], ['_large_mapcount.counter', () => -1], ['_entire_mapcount.counter', () => -1],
  ];
  return { marks: [
    { field: folio.field('_flags_1'), page: 0, value: (order) => order },
    ...later.filter(([path]) => folio.hasField(path)).map(([path, value]) => ({ field: folio.field(path), page: 0, value })),
  ] };
}

/** Bit of the zone number within the upper half of page->flags: the node lies above it (include/linux/page-flags-layout.h). */
function zoneShift(abi: Abi): number {
  const nodesWidth = Math.log2(abi.sizeOf('nodemask_t') * 8);
  const zonesWidth = Math.ceil(Math.log2(abi.enumerator('__MAX_NR_ZONES') ?? 5));
  return 64 - nodesWidth - zonesWidth - 32;
}

/** Eight bits of a pid and the bits of a CPU number (CONFIG_NUMA_BALANCING). */
export const lastCpuPidWidth = (abi: Abi): number => 8 + Math.log2(abi.sizeOf('cpumask') * 8);
