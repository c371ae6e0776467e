import { beforeEach, describe, expect, test } from 'vitest';
import { Bug } from '../../../test/kernel/fake-machine.ts';
import { LibraryMachine, numbers } from '../../../test/kernel/library-machine.ts';
import { loadTestAbi } from '../../../test/test-kernel.ts';
import { addressAt, type Ptr } from '../../base/ptr.ts';
import { MemoryFault } from '../../base/ram.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../cpu/layout.ts';

const GFP_KERNEL = 0xcc0, GFP_ZERO = 0x100;
let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });

describe('kmalloc', () => {
  test('objects never overlap, keep their contents, and come back zeroed', () => {
    const next = numbers(1);
    const live = new Map<Ptr, { size: number; mark: number }>();
    const free = m.memory.pages.freePages;
    for (let i = 0; i < 6000; i++) {
      if (next(5) < 3) {
        const size = 1 + next([32, 300, 5000, 20000][next(4)]!);
        const at = m.call('__kmalloc', size, GFP_KERNEL);
        expect(m.ram.bytes(at, size).every((byte) => byte === 0)).toBe(true);
        expect(m.call('ksize', at)).toBeGreaterThanOrEqual(size);
        const mark = 1 + next(255);
        m.ram.fill(at, m.call('ksize', at), mark);
        live.set(at, { size, mark });
      } else {
        const at = [...live.keys()][next(live.size)];
        if (at === undefined) continue;
        const { size, mark } = live.get(at)!;
        expect(m.ram.bytes(at, size).every((byte) => byte === mark)).toBe(true);
        m.call('kfree', at);
        live.delete(at);
      }
    }
    const starts = [...live.keys()].sort((a, b) => a - b);
    starts.forEach((at, i) => { if (i > 0) expect(starts[i - 1]! + live.get(starts[i - 1]!)!.size).toBeLessThanOrEqual(at); });
    expect([...m.memory.slab.live()].filter((o) => live.has(o.address)).length).toBe(live.size);
    for (const at of live.keys()) m.call('kfree', at);
    for (const cache of m.memory.slab.caches()) cache.shrink();
    expect(m.memory.pages.freePages).toBe(free);
  });
  test('kmalloc_caches is the table that inlined kmalloc() indexes', () => {
    const table = m.data('kmalloc_caches');
    const layout = m.abi.struct('kmem_cache');
    const cacheAt = (type: number, index: number): Ptr => m.ram.readPtr(table + (type * 14 + index) * 8);
    expect(cacheAt(0, 0)).toBe(0);
    const sizes = [96, 192, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
    sizes.forEach((size, i) => {
      const cache = cacheAt(0, i + 1);
      expect(m.ram.readU32(cache + layout.offset('object_size'))).toBe(size);
      expect(m.text(m.ram.readPtr(cache + layout.offset('name')))).toBe(`kmalloc-${size < 1024 ? size : `${size / 1024}k`}`);
      const at = m.call('kmalloc_trace', cache, GFP_KERNEL, size - 1);
      expect(m.call('ksize', at)).toBe(size);
      expect(m.memory.slab.find(at + 1)).toMatchObject({ address: at, requested: size - 1 });
    });
    const names = [0, 1, 2, 3].map((type) => m.text(m.ram.readPtr(cacheAt(type, 3) + layout.offset('name'))));
    expect(names.sort()).toEqual(['dma-kmalloc-8', 'kmalloc-8', 'kmalloc-cg-8', 'kmalloc-rcl-8']);
    expect(m.memory.slab.find(m.call('__kmalloc', 8, GFP_KERNEL | 1))?.cache).toBe('dma-kmalloc-8');
    expect(m.memory.slab.find(m.call('__kmalloc', 8, GFP_KERNEL | 0x400000))?.cache).toBe('kmalloc-cg-8');
  });
  test('remembers who allocated', () => {
    const site = -0x7000_0000;
    const stack = m.alloc(16);
    m.ram.writePtr(stack, site);
    m.ram.writePtr(addressAt(CPU_BLOCK_OFFSET + BLOCK.regs + 4 * 8), stack);
    expect(m.memory.slab.find(m.call('__kmalloc', 40, GFP_KERNEL))?.allocSite).toBe(site);
    expect(m.memory.slab.find(m.call('kmalloc_large', 40000, GFP_KERNEL))).toMatchObject({ allocSite: site, requested: 40000, size: 65536 });
    expect(m.memory.slab.find(m.call('__kmalloc_node', 40, GFP_KERNEL, 0))?.requested).toBe(40);
    expect(m.memory.slab.find(m.call('__kmalloc_node_track_caller', 40, GFP_KERNEL, 0, 0))?.requested).toBe(40);
    expect(m.call('ksize', m.call('kmalloc_large_node', 9000, GFP_KERNEL, 0))).toBe(16384);
    expect(m.call('ksize', m.call('kmalloc_node_trace', m.ram.readPtr(m.data('kmalloc_caches') + 24), GFP_KERNEL, 0, 5))).toBe(8);
  });
  test('edges: zero, NULL, krealloc, sensitive, size classes', () => {
    expect(m.call('__kmalloc', 0, GFP_KERNEL)).toBe(16);
    m.call('kfree', 0);
    m.call('kfree', 16);
    expect([m.call('ksize', 0), m.call('ksize', 16)]).toEqual([0, 0]);
    const at = m.call('__kmalloc', 100, GFP_KERNEL);
    m.ram.writeCString(at, 'kept');
    expect(m.call('krealloc', at, 128, GFP_KERNEL)).toBe(at);
    const moved = m.call('krealloc', at, 129, GFP_KERNEL);
    expect([moved === at, m.text(moved), m.call('ksize', moved)]).toEqual([false, 'kept', 192]);
    expect(m.call('krealloc', moved, 0, GFP_KERNEL)).toBe(16);
    expect(m.memory.slab.find(moved)).toBeUndefined();
    const secret = m.string('secret');
    m.call('kfree_sensitive', secret);
    expect(m.ram.readU64(secret)).toBe(0n);
    expect([0, 1, 65, 129, 4097, 9000].map((n) => m.call('kmalloc_size_roundup', n))).toEqual([0, 8, 96, 192, 8192, 16384]);
    expect(m.call('__kmalloc', 2 ** 63, GFP_KERNEL | 0x2000)).toBe(0);
  });
  test('freeing what is not allocated', () => {
    const at = m.call('__kmalloc', 40, GFP_KERNEL);
    m.call('kfree', at);
    expect(() => m.call('kfree', at)).toThrow(Bug);
    expect(() => m.call('kfree', 0x1000)).toThrow(MemoryFault);
    const page = m.call('__get_free_pages', GFP_KERNEL, 0);
    m.call('kfree', page);
    expect(m.warnings).toEqual(['mm/slab_common.c:904']);
  });
});

describe('kmem_cache', () => {
  const create = (name: string, size: number, options: { align?: number; flags?: number; ctor?: Ptr } = {}): Ptr =>
    m.call('kmem_cache_create', m.string(name), size, options.align ?? 0, options.flags ?? 0, options.ctor ?? 0);

  test('objects of the asked size and alignment; the struct says so', () => {
    const cache = create('things', 100, { align: 64 });
    const layout = m.abi.struct('kmem_cache');
    expect(m.call('kmem_cache_size', cache)).toBe(100);
    expect(m.ram.readU32(cache + layout.offset('size'))).toBe(128);
    expect(m.text(m.ram.readPtr(cache + layout.offset('name')))).toBe('things');
    const objects = Array.from({ length: 100 }, () => m.call('kmem_cache_alloc', cache, GFP_KERNEL));
    expect(objects.every((at) => at % 64 === 0)).toBe(true);
    expect(new Set(objects).size).toBe(100);
    for (const at of objects) m.call('kmem_cache_free', cache, at);
    expect(m.call('kmem_cache_shrink', cache)).toBe(0);
    m.call('kmem_cache_destroy', cache);
    m.call('kmem_cache_destroy', 0);
    expect(() => m.call('kmem_cache_alloc', cache, GFP_KERNEL)).toThrow(MemoryFault);
    const small = create('line', 40, { flags: 0x2000 });
    expect(m.ram.readU32(small + layout.offset('size'))).toBe(64);
  });
  test('a constructor runs once per object, whose contents survive being free', () => {
    let calls = 0;
    const ctor = m.guestFunction((at) => {
      calls++;
      m.ram.writeU32(at, 77);
      return 0;
    });
    const cache = create('built', 64, { ctor });
    const at = m.call('kmem_cache_alloc', cache, GFP_KERNEL);
    expect(m.ram.readU32(at)).toBe(77);
    const before = calls;
    m.ram.writeU32(at, 5);
    m.call('kmem_cache_free', cache, at);
    expect(m.call('kmem_cache_alloc_node', cache, GFP_KERNEL, 0)).toBe(at);
    expect([m.ram.readU32(at), calls]).toEqual([5, before]);
    m.call('kmem_cache_free', cache, at);
    expect(m.ram.readU32(m.call('kmem_cache_alloc_lru', cache, 0, GFP_KERNEL | GFP_ZERO))).toBe(0);
  });
  test('bulk: all or nothing', () => {
    const cache = create('bulk', 32);
    const list = m.alloc(80);
    expect(m.call('kmem_cache_alloc_bulk', cache, GFP_KERNEL, 10, list)).toBe(10);
    expect(new Set(Array.from({ length: 10 }, (_, i) => m.ram.readPtr(list + i * 8))).size).toBe(10);
    m.call('kmem_cache_free_bulk', cache, 10, list);
    m.call('kmem_cache_destroy', cache);
    expect(m.lines).toEqual([]);
  });
  test('destroyed with objects: a report, and the cache lives on', () => {
    const cache = m.call('kmem_cache_create_usercopy', m.string('leaky'), 520, 8, 0, 0, 520, 0);
    m.call('kmem_cache_alloc', cache, GFP_KERNEL);
    m.call('kmem_cache_destroy', cache);
    expect(m.lines.find((line) => line.startsWith('Slab'))).toMatch(/objects=\d+ used=1 /);
    expect(m.warnings.at(-1)).toMatch(/^mm\/slab_common.c:493 kmem_cache_destroy leaky: Slab cache still has objects when called from /);
    expect(m.taints).toBe('B');
    expect(m.call('kmem_cache_alloc', cache, GFP_KERNEL)).not.toBe(0);
  });
  test('bad requests', () => {
    expect(create('empty', 0)).toBe(0);
    expect(m.lines).toContain('kmem_cache_create_usercopy(empty) failed with error -22');
    const cache = m.call('kmem_cache_create_usercopy', m.string('region'), 64, 0, 0, 32, 64, 0);
    expect(m.warnings).toEqual(['mm/slab_common.c:321']);
    expect(m.ram.readU32(cache + m.abi.struct('kmem_cache').offset('usersize'))).toBe(0);
    expect(() => create('fatal', 0, { flags: 0x40000 })).toThrow(/Failed to create slab/);
  });
});

describe('names of 6.12', () => {
  const abi = loadTestAbi('6.12');
  test.skipIf(!abi)('every allocation function of the release works', () => {
    m = new LibraryMachine({ abi: abi! });
    const cache = m.ram.readPtr(m.data('kmalloc_caches') + 24);
    const allocations: Record<string, number[]> = {
      __kmalloc_noprof: [40, GFP_KERNEL], __kmalloc_node_noprof: [40, 0, GFP_KERNEL, 0], __kmalloc_node_track_caller_noprof: [40, 0, GFP_KERNEL, 0, 0],
      __kmalloc_cache_noprof: [cache, GFP_KERNEL, 8], __kmalloc_cache_node_noprof: [cache, GFP_KERNEL, 0, 8], __kmalloc_large_noprof: [20000, GFP_KERNEL],
      __kmalloc_large_node_noprof: [20000, GFP_KERNEL, 0], krealloc_noprof: [0, 40, GFP_KERNEL], __kvmalloc_node_noprof: [40, 0, GFP_KERNEL, 0],
      kvrealloc_noprof: [0, 40, GFP_KERNEL], kmemdup_noprof: [m.string('x'), 2, GFP_KERNEL], kmemdup_array: [m.string('x'), 1, 2, GFP_KERNEL], kvmemdup: [m.string('x'), 2, GFP_KERNEL],
    };
    for (const [symbol, args] of Object.entries(allocations)) {
      const at = m.call(symbol, ...args);
      expect(m.memory.slab.find(at), symbol).toBeDefined();
      m.call('kfree', at);
    }
    const areas: Record<string, number[]> = {
      vmalloc_noprof: [5000], vzalloc_noprof: [5000], __vmalloc_noprof: [5000, GFP_KERNEL], vmalloc_node_noprof: [5000, 0], vzalloc_node_noprof: [5000, 0], vmalloc_user_noprof: [5000],
      vmalloc_32_noprof: [5000], vmalloc_32_user_noprof: [5000], vmalloc_huge_noprof: [5000, GFP_KERNEL], vmalloc_array_noprof: [10, 500], __vmalloc_array_noprof: [10, 500, GFP_KERNEL],
      vcalloc_noprof: [10, 500], __vcalloc_noprof: [10, 500, GFP_KERNEL],
    };
    for (const [symbol, args] of Object.entries(areas)) {
      const at = m.call(symbol, ...args);
      expect([m.call('is_vmalloc_addr', at + 4999), m.call('is_vmalloc_or_module_addr', at)], symbol).toEqual([true, true]);
      m.call('vfree', at);
    }
    const pages: Record<string, number[]> = { alloc_pages_noprof: [GFP_KERNEL, 1], __alloc_pages_noprof: [GFP_KERNEL, 1, 0, 0] };
    for (const [symbol, args] of Object.entries(pages)) m.call('__free_pages', m.call(symbol, ...args), 1);
    m.call('free_pages', m.call('get_free_pages_noprof', GFP_KERNEL, 1), 1);
    m.call('free_pages', m.call('get_zeroed_page_noprof', GFP_KERNEL), 0);
    m.call('free_pages_exact', m.call('alloc_pages_exact_noprof', 9000, GFP_KERNEL), 9000);
    const array = m.alloc(16);
    expect(m.call('alloc_pages_bulk_noprof', GFP_KERNEL, 0, 0, 2, 0, array)).toBe(2);
    const args = m.alloc(abi!.sizeOf('kmem_cache_args'));
    m.ram.writeU32(args, 128);
    const own = m.call('__kmem_cache_create_args', m.string('own'), 40, args, 0);
    const list = m.alloc(32);
    for (const [symbol, ...rest] of [['kmem_cache_alloc_noprof', GFP_KERNEL], ['kmem_cache_alloc_node_noprof', GFP_KERNEL, 0], ['kmem_cache_alloc_lru_noprof', 0, GFP_KERNEL]] as [string, ...number[]][]) {
      const at = m.call(symbol, own, ...rest);
      expect(at & 127).toBe(0);
      expect(m.call('kmem_cache_charge', at, GFP_KERNEL)).toBe(true);
      m.call('kmem_cache_free', own, at);
    }
    expect(m.call('kmem_cache_alloc_bulk_noprof', own, GFP_KERNEL, 4, list)).toBe(4);
    m.call('kmem_cache_free_bulk', own, 4, list);
    m.call('kmem_cache_destroy', own);
    expect(m.call('pcpu_alloc_noprof', 64, 8, false, GFP_KERNEL)).toBeGreaterThan(0);
    expect(m.call('__put_devmap_managed_folio_refs', 0, 1)).toBe(false);
    expect([m.data('const_pcpu_hot'), m.warnings, m.lines]).toEqual([m.data('pcpu_hot'), [], []]);
    const pool = m.call('mempool_create_node_noprof', 2, m.guestFunction((_gfp, size) => m.call('mempool_kvmalloc', GFP_KERNEL, size)), m.guestFunction((at, size) => m.call('mempool_kvfree', at, size) ?? 0), 40, GFP_KERNEL, 0);
    expect(m.call('mempool_alloc_preallocated', pool)).not.toBe(0);
    expect(m.call('mempool_alloc_noprof', pool, GFP_KERNEL)).not.toBe(0);
    expect(m.call('mempool_init_noprof', m.alloc(100), 0, 0, 0, 0)).toBe(0);
  });
});
