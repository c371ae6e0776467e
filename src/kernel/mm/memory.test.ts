import { beforeEach, describe, expect, test } from 'vitest';
import { Bug, FakeMachine } from '../../../test/kernel/fake-machine.ts';
import { LibraryMachine } from '../../../test/kernel/library-machine.ts';
import { addressAt, KERNEL_BASE, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { BLOCK, CPU_BLOCK_OFFSET, CPU_BLOCK_SIZE } from '../../cpu/layout.ts';

const GFP_KERNEL = 0xcc0;
let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const word = (name: string): number => m.ram.readPtr(m.data(name));

describe('layout', () => {
  test('__pa, __va and virt_to_page as modules inline them agree with the allocator', () => {
    const START_KERNEL_MAP = BigInt.asUintN(64, -0x8000_0000n);
    const pa = (addr: bigint): bigint => addr - START_KERNEL_MAP + m.ram.readU64(m.data('phys_base'));
    const va = (phys: bigint): bigint => BigInt.asUintN(64, phys + m.ram.readU64(m.data('page_offset_base')));
    const at = m.call('__get_free_pages', GFP_KERNEL, 0);
    const addr = BigInt.asUintN(64, BigInt(at));
    expect(va(pa(addr))).toBe(addr);
    const page = word('vmemmap_base') + Number(pa(addr) >> 12n) * m.abi.sizeOf('page');
    expect(m.ram.readI32(page + m.abi.struct('page').offset('_refcount'))).toBe(1);
    expect([m.call('__virt_addr_valid', at), m.call('__virt_addr_valid', 0x1000), m.call('__virt_addr_valid', -8)]).toEqual([1, 0, 0]);
    expect(word('high_memory') - KERNEL_BASE).toBe(m.ram.sizeBytes);
    expect(word('vmalloc_base')).toBe(KERNEL_BASE);
  });
  test('pfn_valid() finds its section; the rest of the constants', () => {
    const section = m.ram.readPtr(m.ram.readPtr(word('mem_section')));
    expect(m.ram.readPtr(m.ram.readPtr(word('mem_section'))) & 2).toBe(2);
    expect(section - 15).toBe(m.memory.map.vmemmap);
    expect([m.ram.readU32(m.data('pgdir_shift')), m.ram.readU32(m.data('ptrs_per_p4d')), word('sme_me_mask')]).toEqual([39, 1, 0]);
    expect([m.ram.readU64(m.data('physical_mask')), m.ram.readU64(m.data('__default_kernel_pte_mask'))]).toEqual([(1n << 46n) - 1n, (1n << 64n) - 1n]);
    expect([m.ram.readI32(m.data('hugetlb_optimize_vmemmap_key')), m.ram.readI32(m.data('devmap_managed_key'))]).toEqual([0, 0]);
    expect(m.call('__put_devmap_managed_page_refs', 0, 1)).toBe(false);
  });
  test('two kernels, any number of CPUs, small and large RAM', () => {
    for (const [ramBytes, nrCpus] of [[48 << 20, 1], [64 << 20, 8], [1 << 30, 4]] as const) {
      const other = new FakeMachine({ ramBytes, nrCpus });
      const { managed, readOnlyStart } = other.memory.map;
      expect(managed.every(({ start, end }) => start < end)).toBe(true);
      expect(other.memory.pages.freePages).toBeGreaterThan(1000);
      expect(other.memory.modules.allocReadOnly(PAGE_SIZE)).toBe(readOnlyStart);
    }
  });
});

describe('CPUs', () => {
  test('masks and counts', () => {
    for (const name of ['__cpu_possible_mask', '__cpu_present_mask', '__cpu_online_mask', '__cpu_active_mask']) expect(m.ram.readU32(m.data(name))).toBe(3);
    expect(m.ram.readU32(m.data('__cpu_dying_mask'))).toBe(0);
    expect(['__num_online_cpus', 'nr_cpu_ids', 'nr_node_ids', 'nr_online_nodes'].map((name) => m.ram.readU32(m.data(name)))).toEqual([2, 2, 1, 1]);
    expect(m.ram.readU64(m.data('cpu_all_bits'))).toBe((1n << 64n) - 1n);
    expect(m.ram.readU8(m.data('node_states'))).toBe(1);
    // cpumask_of(cpu): row 1 + cpu % 64, moved back by cpu / 64 words.
    const maskBytes = m.abi.sizeOf('cpumask');
    const of = (cpu: number): Ptr => m.data('cpu_bit_bitmap') + (1 + cpu % 64) * maskBytes - Math.floor(cpu / 64) * 8;
    expect([m.ram.readU64(of(0)), m.ram.readU64(of(5))]).toEqual([1n, 32n]);
    expect([m.ram.readU64(of(70)), m.ram.readU64(of(70) + 8)]).toEqual([0n, 64n]);
  });
  test('per-CPU areas: GS base, offsets, current CPU, canary', () => {
    const { perCpu } = m.memory;
    const canaries = [0, 1].map((cpu) => {
      const base = perCpu.base(cpu);
      expect(m.ram.readPtr(m.data('__per_cpu_offset') + cpu * 8)).toBe(base);
      expect(m.ram.readPtr(base + m.data('this_cpu_off'))).toBe(base);
      expect(m.ram.readU32(base + m.data('cpu_number'))).toBe(cpu);
      expect(m.ram.readU32(base + m.data('__preempt_count'))).toBe(0x8000_0000);
      expect(m.ram.readU32(base + m.data('numa_node'))).toBe(0);
      expect(m.ram.readPtr(addressAt(CPU_BLOCK_OFFSET + cpu * CPU_BLOCK_SIZE + BLOCK.gsBase))).toBe(base);
      return m.ram.readU64(base + m.data('fixed_percpu_data') + 0x28);
    });
    expect(canaries[0]).not.toBe(canaries[1]);
    expect(canaries.every((canary) => canary !== 0n && (canary & 0xffn) === 0n)).toBe(true);
    expect(m.data('current_task')).toBe(m.abi.perCpuVariable('current_task')!.offset);
  });
  test('alloc_percpu: zeroed on every CPU, aligned, reused', () => {
    const ptr = m.call('__alloc_percpu', 24, 64);
    expect(ptr % 64).toBe(0);
    for (const cpu of [0, 1]) m.ram.fill(m.memory.perCpu.address(ptr, cpu), 24, 0xee);
    m.call('free_percpu', ptr);
    m.call('free_percpu', 0);
    const again = m.call('__alloc_percpu_gfp', 24, 64, GFP_KERNEL);
    expect(again).toBe(ptr);
    expect(m.ram.readU64(m.memory.perCpu.address(again, 1))).toBe(0n);
    expect([m.call('__alloc_percpu', 0, 8), m.call('__alloc_percpu', 8, 3), m.call('__alloc_percpu', 40000, 8)]).toEqual([0, 0, 0]);
    expect(m.warnings.length).toBe(3);
    while (m.call('__alloc_percpu', 32768, 8) !== 0);
    expect(m.lines.at(-2)).toMatch(/^percpu: allocation failed, size=32768 align=8/);
  });
});

describe('vmalloc', () => {
  test('page aligned, zeroed, with pages of their own', () => {
    const free = m.memory.pages.freePages;
    const symbols: [string, ...number[]][] = [
      ['vmalloc', 5000], ['vzalloc', 5000], ['__vmalloc', 5000, GFP_KERNEL], ['vmalloc_node', 5000, 0], ['vzalloc_node', 5000, 0], ['vmalloc_user', 5000], ['vmalloc_32', 5000],
      ['vmalloc_32_user', 5000], ['vmalloc_huge', 5000, GFP_KERNEL], ['vmalloc_array', 50, 100], ['__vmalloc_array', 50, 100, GFP_KERNEL], ['vcalloc', 50, 100], ['__vcalloc', 50, 100, GFP_KERNEL],
    ];
    const areas = symbols.map(([symbol, ...args]) => m.call(symbol, ...args) as Ptr);
    for (const at of areas) {
      expect(at & (PAGE_SIZE - 1)).toBe(0);
      expect(m.ram.bytes(at, 8192).every((byte) => byte === 0)).toBe(true);
      expect([m.call('is_vmalloc_addr', at + 8191), m.call('is_vmalloc_addr', at + 8192) && !areas.includes(at + 8192)]).toEqual([true, false]);
      expect(m.call('vmalloc_to_page', at + 4096) - m.call('vmalloc_to_page', at)).toBe(m.memory.map.pageStructSize);
      expect(m.call('vmalloc_to_pfn', at + 5)).toBe((at - KERNEL_BASE) / PAGE_SIZE);
      m.ram.fill(at, 8192, 0xaa);
    }
    for (const at of areas) m.call('vfree', at);
    expect(m.memory.pages.freePages).toBe(free);
    expect(m.call('vmalloc', 10 << 20)).not.toBe(0);
  });
  test('refusals', () => {
    expect(m.call('vmalloc', 0)).toBe(0);
    expect(m.warnings).toEqual(['mm/vmalloc.c:3227']);
    expect(m.call('vmalloc', 2 ** 40)).toBe(0);
    expect(m.lines[0]).toMatch(/^vmalloc error: size 1099511627776, exceeds total pages/);
    const at = m.call('vmalloc', 3 * PAGE_SIZE);
    m.call('vfree', at + PAGE_SIZE);
    m.call('vfree', at);
    expect(m.warnings.at(-1)).toMatch(/^mm\/vmalloc.c:2758 Trying to vfree\(\) nonexistent vm area/);
    m.call('vfree', at + 5);
    expect(m.warnings.at(-1)).toMatch(/^mm\/vmalloc.c:2752 Trying to vfree\(\) bad address/);
    m.call('vfree', 0);
  });
  test('kvmalloc: slab while it lasts, else pages', () => {
    const small = m.call('kvmalloc_node', 100, GFP_KERNEL, 0);
    const large = m.call('kvmalloc_node', 5 << 20, GFP_KERNEL, 0);
    expect([small, large].map((at) => m.call('is_vmalloc_addr', at))).toEqual([false, true]);
    m.ram.writeCString(small, 'kept');
    const grown = m.call('kvrealloc', small, 100, 300, GFP_KERNEL);
    expect(m.text(grown)).toBe('kept');
    expect(m.call('kvrealloc', grown, 300, 200, GFP_KERNEL)).toBe(grown);
    m.call('kvfree_sensitive', grown, 300);
    m.call('kvfree_sensitive', 0, 300);
    m.call('kvfree', large);
    expect(m.memory.areas.find(large)).toBeUndefined();
    expect(m.call('kvmalloc_node', 2 ** 32, GFP_KERNEL, 0)).toBe(0);
    expect(m.warnings.at(-1)).toBe('mm/util.c:596');
  });
  test('vmap of pages in a row', () => {
    const first = m.call('alloc_pages', GFP_KERNEL, 1);
    const list = m.pointers([first, first + 64]);
    const at = m.call('vmap', list, 2, 4, 0);
    expect(at).toBe(((first - m.memory.map.vmemmap) / 64) * PAGE_SIZE + KERNEL_BASE);
    expect(m.call('vm_map_ram', list, 2, -1)).toBe(at);
    m.call('vunmap', at);
    m.call('vm_unmap_ram', at, 2);
    expect(m.call('vmap', m.pointers([first + 64, first]), 2, 4, 0)).toBe(0);
    expect(m.lines.at(-1)).toMatch(/vmap/);
  });
});

describe('copies', () => {
  test('kmemdup and kstrdup', () => {
    const source = m.string('a string');
    const copies: [symbol: string, args: number[], text: string][] = [
      ['kstrdup', [source, GFP_KERNEL], 'a string'], ['kstrndup', [source, 3, GFP_KERNEL], 'a s'], ['kmemdup', [source, 9, GFP_KERNEL], 'a string'], ['kmemdup_nul', [source, 4, GFP_KERNEL], 'a st'],
      ['kstrdup_const', [source, GFP_KERNEL], 'a string'],
    ];
    for (const [symbol, args, text] of copies) {
      const at = m.call(symbol, ...args);
      expect([at === source, m.text(at)]).toEqual([false, text]);
      m.call('kfree_const', at);
      expect(m.memory.slab.find(at)).toBeUndefined();
    }
    expect(['kstrdup', 'kstrndup', 'kmemdup_nul'].map((symbol) => m.call(symbol, 0, 5, GFP_KERNEL))).toEqual([0, 0, 0]);
    const constant = m.image.data('constant', 8);
    expect(m.call('kstrdup_const', constant, GFP_KERNEL)).toBe(constant);
    m.call('kfree_const', constant);
  });
});

describe('hardened usercopy', () => {
  test('whole objects pass; what crosses an end does not', () => {
    const object = m.call('__kmalloc', 64, GFP_KERNEL);
    m.call('__check_object_size', object, 64, true);
    m.call('__check_object_size', object + 60, 4, false);
    m.call('__check_object_size', object, 0, true);
    m.call('__check_object_size', m.image.data('variable', 64), 64, true);
    const cases: [number, number, boolean, RegExp][] = [
      [object, 65, true, /exposure attempt detected from SLUB object 'kmalloc-64' \(offset 0, size 65\)!$/],
      [object + 60, 5, false, /overwrite attempt detected to SLUB object 'kmalloc-64' \(offset 60, size 5\)!$/],
      [m.call('vmalloc', 100), 4097, true, /vmalloc/],
      [0, 4, true, /null address/],
      [16, 4, true, /zero-size allocation/],
      [-4, 8, true, /wrapped address/],
      [m.image.text('something'), 4, true, /kernel text/],
      [m.call('kmem_cache_alloc', m.call('kmem_cache_create', m.string('private'), 64, 0, 0, 0), GFP_KERNEL), 4, true, /SLUB object 'private'/],
      [m.call('kmalloc_large', 20000, GFP_KERNEL) + 30000, 5000, true, /page alloc/],
    ];
    for (const [addr, size, toUser, text] of cases) {
      expect(() => m.call('__check_object_size', addr, size, toUser)).toThrow(Bug);
      expect(m.lines.at(-1)).toMatch(text);
    }
    m.call('__copy_overflow', 4, 8);
    expect(m.warnings).toEqual(['mm/maccess.c:228 Buffer overflow detected (4 < 8)!']);
  });
});

describe('mempool', () => {
  test('keeps a reserve for when allocation fails', () => {
    let isExhausted = false;
    const alloc = m.guestFunction((gfp, size) => isExhausted ? 0 : m.call('mempool_kmalloc', gfp, size));
    const free = m.guestFunction((at, size) => m.call('mempool_kfree', at, size) ?? 0);
    const pool = m.call('mempool_create', 2, alloc, free, 40);
    const first = m.call('mempool_alloc', pool, GFP_KERNEL);
    isExhausted = true;
    const [a, b, c] = [0, 1, 2].map(() => m.call('mempool_alloc', pool, GFP_KERNEL));
    expect([a === 0, b === 0, c]).toEqual([false, false, 0]);
    m.call('mempool_free', 0, pool);
    m.call('mempool_free', a!, pool);
    expect(m.call('mempool_alloc', pool, GFP_KERNEL)).toBe(a);
    isExhausted = false;
    m.call('mempool_free', a!, pool);
    expect(m.call('mempool_resize', pool, 4)).toBe(0);
    for (const at of [first, b!]) m.call('mempool_free', at, pool);
    m.call('mempool_destroy', pool);
    m.call('mempool_destroy', 0);
    expect(m.memory.slab.find(first)).toBeUndefined();
  });
  test('ready-made elements; failing to fill the reserve fails the pool', () => {
    const cache = m.call('kmem_cache_create', m.string('elements'), 64, 0, 0, 0);
    const object = m.call('mempool_alloc_slab', GFP_KERNEL, cache);
    m.call('mempool_free_slab', object, cache);
    const page = m.call('mempool_alloc_pages', GFP_KERNEL, 1);
    m.call('mempool_free_pages', page, 1);
    const nothing = m.guestFunction(() => 0);
    expect(m.call('mempool_create_node', 1, nothing, nothing, 0, GFP_KERNEL, 0)).toBe(0);
    const pool = m.alloc(m.abi.sizeOf('mempool_s'));
    expect(m.call('mempool_init', pool, 1, nothing, nothing, 0)).toBe(-12);
    expect(m.call('mempool_init_node', pool, 0, nothing, nothing, 0, GFP_KERNEL, 0)).toBe(0);
    m.call('mempool_exit', pool);
  });
});
