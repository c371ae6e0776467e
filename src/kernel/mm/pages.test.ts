import { beforeEach, describe, expect, test } from 'vitest';
import { loadTestAbi } from '../../../test/test-kernel.ts';
import { LibraryMachine, numbers } from '../../../test/kernel/library-machine.ts';
import { KERNEL_BASE, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { MemoryFault } from '../../base/ram.ts';
import { Buddy } from './buddy.ts';

const GFP_KERNEL = 0xcc0, GFP_DMA = 1, GFP_COMP = 0x40000, GFP_NOWARN = 0x2000;

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const pfnOf = (page: Ptr): number => (page - m.memory.map.vmemmap) / m.memory.map.pageStructSize;
const address = (page: Ptr): Ptr => pfnOf(page) * PAGE_SIZE + KERNEL_BASE;
const refcount = (page: Ptr): number => m.ram.readI32(page + m.abi.struct('page').offset('_refcount'));

describe('buddy', () => {
  test('never hands out a frame twice, and merges everything back', () => {
    const zones = [{ start: 100, end: 4096 }, { start: 5000, end: 20000 }];
    const buddy = new Buddy(20000, zones);
    const total = buddy.nrFree;
    expect(total).toBe(3996 + 15000);
    const next = numbers(3);
    const owner = new Int32Array(20000);
    const held: [frame: number, count: number][] = [];
    for (let i = 1; i < 4000; i++) {
      if (next(3) > 0) {
        const order = next(8);
        const frame = buddy.take(order, 1);
        if (frame === 0) continue;
        expect(frame % (1 << order)).toBe(0);
        for (let f = frame; f < frame + (1 << order); f++) {
          expect(owner[f]).toBe(0);
          owner[f] = i;
        }
        buddy.markUsed(frame, 1 << order);
        held.push([frame, 1 << order]);
      } else if (held.length > 0) {
        const [frame, count] = held.splice(next(held.length), 1)[0]!;
        owner.fill(0, frame, frame + count);
        buddy.give(frame, count);
      }
    }
    for (const [frame, count] of held) buddy.give(frame, count);
    expect(buddy.nrFree).toBe(total);
    // Whole again: the largest aligned block of the upper zone can be had.
    expect(buddy.take(13, 1)).toBe(8192);
  });
  test('a long run is put together from blocks that follow each other', () => {
    const buddy = new Buddy(64, [{ start: 4, end: 8 }, { start: 8, end: 60 }]);
    const total = buddy.nrFree;
    expect(buddy.take(5, 1)).toBe(0);
    expect(buddy.takeRun(40, 1)).toBe(8);
    expect(buddy.nrFree).toBe(total - 40);
    expect(buddy.takeRun(13, 1)).toBe(0);
    expect(buddy.takeRun(12, 1)).toBe(48);
    buddy.markUsed(8, 52);
    buddy.give(8, 52);
    expect(buddy.takeRun(52, 1)).toBe(8);
  });
  test('takes the lowest free block first, from the lower zone only when the upper is used up', () => {
    const buddy = new Buddy(64, [{ start: 8, end: 16 }, { start: 16, end: 32 }]);
    expect([buddy.take(0, 1), buddy.take(0, 1), buddy.take(1, 1)]).toEqual([16, 17, 18]);
    expect(buddy.take(0, 0)).toBe(8);
    expect(buddy.take(3, 1)).toBe(24);
    expect(buddy.take(2, 1)).toBe(20);
    expect(buddy.take(2, 1)).toBe(12);
    expect(buddy.take(2, 1)).toBe(0);
  });
});

describe('page allocator', () => {
  test('alloc_pages gives zeroed pages with one reference; freeing gives them back', () => {
    const free = m.memory.pages.freePages;
    for (const symbol of ['alloc_pages', '__alloc_pages']) {
      const page = m.call(symbol, GFP_KERNEL, 2, 0, 0);
      expect(refcount(page)).toBe(1);
      expect([1, 2, 3].map((i) => refcount(page + i * 64))).toEqual([0, 0, 0]);
      expect(m.ram.bytes(address(page), 4 * PAGE_SIZE).every((byte) => byte === 0)).toBe(true);
      m.ram.fill(address(page), PAGE_SIZE, 0xaa);
      m.call('__free_pages', page, 2);
    }
    expect(m.memory.pages.freePages).toBe(free);
    const again = m.call('get_zeroed_page', GFP_KERNEL);
    expect(m.ram.readU64(again)).toBe(0n);
    m.call('free_pages', again, 0);
    const block = m.call('__get_free_pages', GFP_KERNEL, 3);
    expect((block - KERNEL_BASE) % (8 * PAGE_SIZE)).toBe(0);
    m.call('free_pages', block, 3);
    m.call('free_pages', 0, 3);
    expect(m.memory.pages.freePages).toBe(free);
    expect([m.call('nr_free_buffer_pages'), m.call('si_mem_available')]).toEqual([free, free]);
    expect(m.ram.readPtr(m.data('_totalram_pages'))).toBe(m.memory.pages.totalPages);
  });
  test('zones: GFP_DMA stays below 16 MiB; flags carry zone and node as page_zone() expects', () => {
    const dma = m.call('alloc_pages', GFP_KERNEL | GFP_DMA, 0);
    const normal = m.call('alloc_pages', GFP_KERNEL, 0);
    expect(pfnOf(dma)).toBeLessThan(4096);
    expect(pfnOf(normal)).toBeGreaterThanOrEqual(4096);
    const zone = (page: Ptr): bigint => (m.ram.readU64(page) >> 51n) & 7n;
    const node = (page: Ptr): bigint => m.ram.readU64(page) >> 54n;
    expect([zone(dma), zone(normal), node(dma), node(normal)]).toEqual([0n, 1n, 0n, 0n]);
  });
  test.each(['6.1', '6.12'] as const)('compound pages in %s: head, order, tails', (series) => {
    const abi = loadTestAbi(series);
    if (!abi) return;
    m = new LibraryMachine({ abi });
    const isOld = abi.struct('page').hasField('compound_order');
    const page = m.call(isOld ? 'folio_alloc' : 'folio_alloc_noprof', GFP_KERNEL, 3);
    expect(m.ram.readU32(page) >>> (abi.enumerator('PG_head') ?? 0) & 1).toBe(1);
    for (let i = 1; i < 8; i++) expect(m.ram.readPtr(page + i * 64 + 8)).toBe(page + 1);
    if (isOld) expect([m.ram.readU8(page + 64 + 17), m.ram.readU32(page + 64 + 28)]).toEqual([3, 8]);
    else expect([m.ram.readU8(page + 64), m.ram.readU32(page + 96)]).toEqual([3, 8]);
    // put_page() of the last reference: the whole compound page goes.
    const free = m.memory.pages.freePages;
    m.call('__folio_put', page + 2 * 64);
    expect(m.memory.pages.freePages).toBe(free + 8);
    const other = m.call(isOld ? '__folio_alloc' : '__folio_alloc_noprof', GFP_KERNEL, 1, 0, 0);
    expect(m.ram.readPtr(other + 64 + 8)).toBe(other + 1);
  });
  test('exact sizes, splitting, lists, bulk', () => {
    const free = m.memory.pages.freePages;
    const exact = m.call('alloc_pages_exact', 5 * PAGE_SIZE - 3, GFP_KERNEL);
    expect(m.memory.pages.freePages).toBe(free - 5);
    m.call('free_pages_exact', exact, 5 * PAGE_SIZE - 3);
    const block = m.call('alloc_pages', GFP_KERNEL, 2);
    m.call('split_page', block, 2);
    for (let i = 0; i < 4; i++) m.call('__free_pages', block + i * 64, 0);
    expect(m.memory.pages.freePages).toBe(free);
    const [list, array] = [m.alloc(16), m.alloc(32)];
    const before = m.memory.pages.freePages;
    m.ram.writePtr(list, list);
    m.ram.writePtr(list + 8, list);
    expect(m.call('__alloc_pages_bulk', GFP_KERNEL, 0, 0, 3, list, 0)).toBe(3);
    m.call('put_pages_list', list);
    expect(m.ram.readPtr(list)).toBe(list);
    m.ram.writePtr(array + 8, 1234);
    expect(m.call('__alloc_pages_bulk', GFP_KERNEL, 0, 0, 3, 0, array)).toBe(3);
    expect(m.ram.readPtr(array + 8)).toBe(1234);
    for (const i of [0, 2]) m.call('__free_pages', m.ram.readPtr(array + i * 8), 0);
    const frag = m.call('__get_free_pages', GFP_KERNEL | GFP_COMP, 1);
    m.call('page_frag_free', frag + 100);
    const cache = m.call('alloc_pages', GFP_KERNEL | GFP_COMP, 1);
    m.ram.writeU32(cache + m.abi.struct('page').offset('_refcount'), 5);
    m.call('__page_frag_cache_drain', cache, 5);
    expect(m.memory.pages.freePages).toBe(before);
  });
  test('a shared first page outlives the others of its block', () => {
    const free = m.memory.pages.freePages;
    const page = m.call('alloc_pages', GFP_KERNEL, 2);
    m.ram.writeU32(page + m.abi.struct('page').offset('_refcount'), 2);
    m.call('__free_pages', page, 2);
    expect(m.memory.pages.freePages).toBe(free - 1);
    m.call('__free_pages', page, 0);
    expect(m.memory.pages.freePages).toBe(free);
  });
  test('refusals: too large an order warns once, a free page is not freed again, a wild page faults', () => {
    expect(m.call('alloc_pages', GFP_KERNEL | GFP_NOWARN, 11)).toBe(0);
    expect(m.warnings).toEqual([]);
    expect([m.call('alloc_pages', GFP_KERNEL, 11), m.call('alloc_pages', GFP_KERNEL, 11)]).toEqual([0, 0]);
    expect(m.warnings).toEqual(['mm/page_alloc.c:5634']);
    const page = m.call('alloc_pages', GFP_KERNEL, 0);
    m.call('__free_pages', page, 0);
    m.ram.writeU32(page + m.abi.struct('page').offset('_refcount'), 1);
    m.call('__free_pages', page, 0);
    expect(m.lines[0]).toMatch(/^BUG: Bad page state in process/);
    expect(() => m.call('__free_pages', 0x1234, 0)).toThrow(MemoryFault);
    let held = 0;
    while (m.call('alloc_pages', GFP_KERNEL, 10) !== 0) held++;
    expect(held).toBeGreaterThan(5);
  });
});

describe('module memory', () => {
  test('text comes from the top of RAM, data from below; both zeroed, reused and page aligned', () => {
    const { modules, map } = m.memory;
    const text = modules.allocReadOnly(5000);
    const data = modules.allocWritable(5000);
    expect([text, data].map((at) => (at - KERNEL_BASE) % PAGE_SIZE)).toEqual([0, 0]);
    expect(text).toBe(map.readOnlyStart);
    expect(data).toBeLessThan(map.readOnlyStart);
    m.ram.fill(text, 5000, 0xcc);
    m.ram.fill(data, 5000, 0xcc);
    modules.free(text);
    modules.free(data);
    modules.free(0);
    expect(m.ram.readU8(modules.allocReadOnly(100))).toBe(0);
    expect(m.ram.bytes(modules.allocWritable(5000), 5000).every((byte) => byte === 0)).toBe(true);
    expect(modules.allocReadOnly(1 << 30)).toBe(0);
  });
});
