import { beforeEach, describe, expect, test } from 'vitest';
import { LibraryMachine, numbers } from '../../../../test/kernel/library-machine.ts';
import type { Ptr } from '../../../base/ptr.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const GFP_KERNEL = 0xcc0;
const IDR_RT_MARKER = 4 | 1 << 27;

const newIdr = (base = 0): Ptr => {
  const idr = m.alloc(24);
  m.ram.writeU32(idr + 4, IDR_RT_MARKER);
  m.ram.writeU32(idr + 16, base);
  return idr;
};
const entry = (n: number): number => -0x7000_0000 + n * 8;

describe('idr', () => {
  test('allocates like a map with lowest free number', () => {
    const next = numbers(11);
    const idr = newIdr();
    const model = new Map<number, number>();
    for (let i = 0; i < 2000; i++) {
      if (next(3) < 2) {
        const start = next(300);
        let wanted = start;
        while (model.has(wanted)) wanted++;
        expect(m.call('idr_alloc', idr, entry(i), start, 0, GFP_KERNEL)).toBe(wanted);
        model.set(wanted, entry(i));
      } else {
        const id = next(600);
        expect(m.call('idr_remove', idr, id)).toBe(model.get(id) ?? 0);
        model.delete(id);
      }
    }
    for (let id = 0; id < 2500; id++) expect(m.call('idr_find', idr, id)).toBe(model.get(id) ?? 0);
    for (const id of model.keys()) m.call('idr_remove', idr, id);
    // idr_is_empty(): no head, and the free mark is set.
    expect([m.ram.readPtr(idr + 8), m.ram.readU32(idr + 4)]).toEqual([0, IDR_RT_MARKER]);
  });
  test('limits, base, replace, NULL entries', () => {
    const idr = newIdr(1);
    expect(m.call('idr_alloc', idr, entry(1), 0, 0, GFP_KERNEL)).toBe(1);
    expect(m.call('idr_alloc', idr, entry(2), 5, 7, GFP_KERNEL)).toBe(5);
    expect(m.call('idr_alloc', idr, entry(3), 5, 7, GFP_KERNEL)).toBe(6);
    expect(m.call('idr_alloc', idr, entry(4), 5, 7, GFP_KERNEL)).toBe(-28);
    expect(m.call('idr_alloc', idr, entry(4), -1, 7, GFP_KERNEL)).toBe(-22);
    expect(m.warnings).toEqual(['lib/idr.c:86']);
    expect(m.call('idr_replace', idr, entry(9), 5)).toBe(entry(2));
    expect(m.call('idr_find', idr, 5)).toBe(entry(9));
    expect(m.call('idr_replace', idr, entry(9), 50)).toBe(-2);
    expect(m.call('idr_alloc', idr, 0, 20, 0, GFP_KERNEL)).toBe(20);
    expect(m.call('idr_find', idr, 20)).toBe(0);
    expect(m.call('idr_alloc', idr, entry(1), 20, 0, GFP_KERNEL)).toBe(21);
    expect(m.call('idr_replace', idr, entry(5), 20)).toBe(0);
    expect(m.call('idr_find', idr, 20)).toBe(entry(5));
    const idAt = m.alloc(4);
    m.ram.writeU32(idAt, 100);
    expect(m.call('idr_alloc_u32', idr, entry(7), idAt, 0xffff_ffff, GFP_KERNEL)).toBe(0);
    expect(m.ram.readU32(idAt)).toBe(100);
  });
  test('cyclic ids go on behind the last one', () => {
    const idr = newIdr();
    const ids = [0, 0, 0].map(() => m.call('idr_alloc_cyclic', idr, entry(1), 0, 4, GFP_KERNEL));
    m.call('idr_remove', idr, 0);
    ids.push(m.call('idr_alloc_cyclic', idr, entry(1), 0, 4, GFP_KERNEL), m.call('idr_alloc_cyclic', idr, entry(1), 0, 4, GFP_KERNEL));
    expect(ids).toEqual([0, 1, 2, 3, 0]);
    expect(m.call('idr_alloc_cyclic', idr, entry(1), 0, 4, GFP_KERNEL)).toBe(-28);
  });
  test('iteration', () => {
    const idr = newIdr();
    for (const id of [3, 70, 5000]) m.call('idr_alloc', idr, entry(id), id, 0, GFP_KERNEL);
    const seen: number[][] = [];
    const callback = m.guestFunction((id, p, data) => {
      seen.push([id, p, data]);
      return id === 70 ? -5 : 0;
    });
    expect(m.call('idr_for_each', idr, callback, 99)).toBe(-5);
    expect(seen).toEqual([[3, entry(3), 99], [70, entry(70), 99]]);
    const idAt = m.alloc(8);
    m.ram.writeU32(idAt, 4);
    expect(m.call('idr_get_next', idr, idAt)).toBe(entry(70));
    expect(m.ram.readU32(idAt)).toBe(70);
    m.ram.writeU64(idAt, 71n);
    expect(m.call('idr_get_next_ul', idr, idAt)).toBe(entry(5000));
    m.ram.writeU64(idAt, 5001n);
    expect(m.call('idr_get_next_ul', idr, idAt)).toBe(0);
    m.call('idr_destroy', idr);
    expect(m.call('idr_find', idr, 3)).toBe(0);
    expect(m.call('idr_alloc', idr, entry(1), 0, 0, GFP_KERNEL)).toBe(0);
    m.call('idr_preload', GFP_KERNEL);
    expect(m.preemptCount).toBe(1);
  });
});

describe('ida', () => {
  test('lowest free number, across many bitmaps', () => {
    const ida = m.alloc(16);
    m.ram.writeU32(ida + 4, IDR_RT_MARKER | 1);
    const live = (): number => [...m.memory.slab.live()].length;
    const before = live();
    for (let i = 0; i < 2100; i++) expect(m.call('ida_alloc_range', ida, 0, 0x7fff_ffff, GFP_KERNEL)).toBe(i);
    for (const id of [2099, 1023, 1024, 7]) m.call('ida_free', ida, id);
    for (const id of [7, 1023, 1024, 2099, 2100]) expect(m.call('ida_alloc_range', ida, 0, 0xffff_ffff, GFP_KERNEL)).toBe(id);
    expect(m.call('ida_alloc_range', ida, 5000, 5000, GFP_KERNEL)).toBe(5000);
    expect(m.call('ida_alloc_range', ida, 5000, 5000, GFP_KERNEL)).toBe(-28);
    expect(m.call('ida_alloc_range', ida, 0x8000_0000, 0x8000_0001, GFP_KERNEL)).toBe(-28);
    m.call('ida_free', ida, 4000);
    expect(m.warnings).toEqual(['lib/idr.c:527 ida_free called for id=4000 which is not allocated.']);
    for (let i = 0; i <= 2100; i++) m.call('ida_free', ida, i);
    m.call('ida_free', ida, 5000);
    expect(m.ram.readPtr(ida + 8)).toBe(0);
    expect(live()).toBe(before);
    m.call('ida_alloc_range', ida, 0, 10, GFP_KERNEL);
    m.call('ida_destroy', ida);
    expect(live()).toBe(before);
  });
});

describe('radix tree', () => {
  const newTree = (): Ptr => m.alloc(16);
  test('insert, lookup, delete, tags', () => {
    const root = newTree();
    expect(m.call('radix_tree_insert', root, 5, entry(5))).toBe(0);
    expect(m.call('radix_tree_insert', root, 5, entry(6))).toBe(-17);
    m.call('radix_tree_insert', root, 700, entry(700));
    expect(m.call('radix_tree_lookup', root, 700)).toBe(entry(700));
    const slot = m.call('radix_tree_lookup_slot', root, 700);
    expect(m.ram.readPtr(slot)).toBe(entry(700));
    m.call('radix_tree_replace_slot', root, slot, entry(701));
    expect(m.call('radix_tree_lookup', root, 700)).toBe(entry(701));
    expect(m.call('radix_tree_tag_set', root, 700, 1)).toBe(entry(701));
    expect([m.call('radix_tree_tag_get', root, 700, 1), m.call('radix_tree_tag_get', root, 5, 1), m.call('radix_tree_tagged', root, 1)]).toEqual([1, 0, 1 << 28]);
    m.call('radix_tree_tag_clear', root, 700, 1);
    expect(m.call('radix_tree_tagged', root, 1)).toBe(0);
    expect(m.call('radix_tree_delete_item', root, 700, entry(9))).toBe(0);
    expect(m.call('radix_tree_delete', root, 700)).toBe(entry(701));
    expect(m.call('radix_tree_delete', root, 5)).toBe(entry(5));
    expect(m.ram.readPtr(root + 8)).toBe(0);
    expect(m.call('radix_tree_preload', GFP_KERNEL) + m.call('radix_tree_maybe_preload', GFP_KERNEL)).toBe(0);
    expect(m.preemptCount).toBe(2);
  });
  test('gang lookup and chunks', () => {
    const root = newTree();
    const indices = [1, 2, 63, 64, 500, 501];
    for (const index of indices) m.call('radix_tree_insert', root, index, entry(index));
    for (const index of [2, 64, 501]) m.call('radix_tree_tag_set', root, index, 0);
    const results = m.alloc(128);
    const read = (n: number): number[] => Array.from({ length: n }, (_, i) => (m.ram.readPtr(results + i * 8) + 0x7000_0000) / 8);
    expect(read(m.call('radix_tree_gang_lookup', root, results, 2, 4))).toEqual([2, 63, 64, 500]);
    expect(read(m.call('radix_tree_gang_lookup_tag', root, results, 0, 9, 0))).toEqual([2, 64, 501]);
    expect(m.call('radix_tree_gang_lookup_tag_slot', root, results, 0, 9, 0)).toBe(3);
    expect(m.ram.readPtr(m.ram.readPtr(results + 8))).toBe(entry(64));
    const iter = m.alloc(32);
    const chunks: bigint[] = [];
    for (let slot = m.call('radix_tree_next_chunk', root, iter, 0); slot !== 0; slot = m.call('radix_tree_next_chunk', root, iter, 0)) chunks.push(m.ram.readU64(iter));
    expect(chunks).toEqual([1n, 64n, 500n]);
    m.ram.fill(iter, 32);
    m.call('radix_tree_next_chunk', root, iter, 0x10);
    expect([m.ram.readU64(iter), m.ram.readU64(iter + 8), m.ram.readU64(iter + 16)]).toEqual([2n, 64n, 1n]);
    m.call('radix_tree_iter_delete', root, iter, 0);
    expect(m.call('radix_tree_lookup', root, 2)).toBe(0);
    expect(m.call('radix_tree_iter_resume', 0, iter)).toBe(0);
    expect(m.ram.readU64(iter + 8)).toBe(3n);
  });
});
