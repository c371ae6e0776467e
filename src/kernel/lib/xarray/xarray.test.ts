import { beforeEach, describe, expect, test } from 'vitest';
import { LibraryMachine, numbers } from '../../../../test/kernel/library-machine.ts';
import type { Ptr } from '../../../base/ptr.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });

const GFP_KERNEL = 0xcc0;
const FREE_MARK_FLAG = 1 << 27;
const TRACK_FREE = 4;
const newArray = (flags = 0): Ptr => {
  const xa = m.alloc(16);
  m.ram.writeU32(xa + 4, flags);
  return xa;
};
const MAX = 0xffff_ffff_ffff_ffffn;
const nodesInUse = (): number => [...m.memory.slab.live()].filter((o) => o.size >= 576 && o.allocSite === 0 && o.requested === 576).length;

describe('xarray', () => {
  test('behaves as a map from indices to entries', () => {
    const next = numbers(7);
    const xa = newArray();
    const model = new Map<bigint, number>();
    const range = [10n, 100n, 5000n, 1n << 20n, 1n << 40n, 1n << 63n];
    for (let i = 0; i < 4000; i++) {
      const index = (BigInt(next(0x7fffffff)) * BigInt(next(0x7fffffff))) % range[next(range.length)]!;
      const entry = -0x7000_0000 + next(10000) * 8;
      if (next(3) === 0) {
        const symbol = next(2) === 0 ? 'xa_erase' : '__xa_erase';
        expect(m.call(symbol, xa, index)).toBe(model.get(index) ?? 0);
        model.delete(index);
      } else {
        expect(m.call(next(2) === 0 ? 'xa_store' : '__xa_store', xa, index, entry, GFP_KERNEL)).toBe(model.get(index) ?? 0);
        model.set(index, entry);
      }
      expect(m.call('xa_load', xa, index)).toBe(model.get(index) ?? 0);
    }
    for (const [index, entry] of model) expect(m.call('xa_load', xa, index)).toBe(entry);
    expect(iterate(xa)).toEqual([...model].sort((a, b) => (a[0] < b[0] ? -1 : 1)));
    for (const index of model.keys()) m.call('xa_erase', xa, index);
    expect(m.ram.readPtr(xa + 8)).toBe(0);
    expect(nodesInUse()).toBe(0);
  });

  /** xa_for_each(): xa_find, then xa_find_after. */
  function iterate(xa: Ptr, filter = 8, symbol = 'xa_find'): [bigint, number][] {
    const index = m.word();
    const found: [bigint, number][] = [];
    for (let entry = m.call(symbol, xa, index, MAX, filter); entry !== 0; entry = m.call('xa_find_after', xa, index, MAX, filter)) {
      found.push([m.ram.readU64(index), entry]);
      if (found.length > 10000) throw new Error('endless');
    }
    return found;
  }

  test('keeps marks per entry and finds by mark', () => {
    const next = numbers(3);
    const xa = newArray();
    const model = new Map<bigint, Set<number>>();
    for (let i = 0; i < 300; i++) {
      const index = BigInt(next(20000));
      m.call('xa_store', xa, index, -0x7000_0000, GFP_KERNEL);
      model.set(index, model.get(index) ?? new Set());
    }
    const keys = [...model.keys()];
    for (let i = 0; i < 1000; i++) {
      const index = keys[next(keys.length)]!;
      const mark = next(3);
      if (next(2) === 0) {
        m.call(next(2) === 0 ? 'xa_set_mark' : '__xa_set_mark', xa, index, mark);
        model.get(index)!.add(mark);
      } else {
        m.call(next(2) === 0 ? 'xa_clear_mark' : '__xa_clear_mark', xa, index, mark);
        model.get(index)!.delete(mark);
      }
    }
    for (const [index, marks] of model) for (const mark of [0, 1, 2]) expect(m.call('xa_get_mark', xa, index, mark)).toBe(marks.has(mark) ? 1 : 0);
    for (const mark of [0, 1, 2]) {
      const marked = keys.filter((k) => model.get(k)!.has(mark)).sort((a, b) => (a < b ? -1 : 1));
      expect(iterate(xa, mark).map(([index]) => index)).toEqual(marked);
    }
    m.call('xa_set_mark', xa, 123456, 1);
    expect(m.call('xa_get_mark', xa, 123456, 1)).toBe(0);
    // Erasing an entry takes its marks along.
    for (const index of keys) m.call('xa_erase', xa, index);
    expect(m.ram.readU32(xa + 4)).toBe(0);
  });

  test('hands out the lowest free index within limits', () => {
    const xa = newArray(TRACK_FREE | FREE_MARK_FLAG);
    const id = m.alloc(4);
    const limit = (min: number, max: number): bigint => (BigInt(min) << 32n) | BigInt(max);
    for (let i = 0; i < 200; i++) {
      expect(m.call('__xa_alloc', xa, id, -0x7000_0000, limit(0, 1000), GFP_KERNEL)).toBe(0);
      expect(m.ram.readU32(id)).toBe(i);
    }
    for (const index of [150, 64, 63, 0]) m.call('xa_erase', xa, index);
    for (const index of [0, 63, 64, 150, 200]) {
      m.call('__xa_alloc', xa, id, -0x7000_0000, limit(0, 1000), GFP_KERNEL);
      expect(m.ram.readU32(id)).toBe(index);
    }
    expect(m.call('__xa_alloc', xa, id, -0x7000_0000, limit(500, 501), GFP_KERNEL)).toBe(0);
    expect(m.call('__xa_alloc', xa, id, -0x7000_0000, limit(500, 501), GFP_KERNEL)).toBe(0);
    expect(m.ram.readU32(id)).toBe(501);
    expect(m.call('__xa_alloc', xa, id, -0x7000_0000, limit(500, 501), GFP_KERNEL)).toBe(-16);
    // A NULL entry reserves its index.
    expect(m.call('__xa_alloc', xa, id, 0, limit(600, 700), GFP_KERNEL)).toBe(0);
    expect(m.call('xa_load', xa, 600)).toBe(0);
    m.call('__xa_alloc', xa, id, 0, limit(600, 700), GFP_KERNEL);
    expect(m.ram.readU32(id)).toBe(601);
    m.call('xa_destroy', xa);
    expect(nodesInUse()).toBe(0);
    m.call('__xa_alloc', xa, id, -0x7000_0000, limit(0, 1000), GFP_KERNEL);
    expect(m.ram.readU32(id)).toBe(0);
  });

  test('an ALLOC1 array never hands out 0', () => {
    const xa = newArray(TRACK_FREE | 8);
    const id = m.alloc(4);
    for (const wanted of [1, 2, 3]) {
      expect(m.call('__xa_alloc', xa, id, -0x7000_0000, 0xffff_ffffn, GFP_KERNEL)).toBe(0);
      expect(m.ram.readU32(id)).toBe(wanted);
    }
    for (const index of [1, 2, 3]) expect(m.call('xa_erase', xa, index)).toBe(-0x7000_0000);
    expect(m.ram.readPtr(xa + 8)).toBe(0);
    m.call('__xa_alloc', xa, id, -0x7000_0000, 0xffff_ffffn, GFP_KERNEL);
    expect(m.ram.readU32(id)).toBe(1);
  });

  test('cyclic allocation goes on behind the last and wraps', () => {
    const xa = newArray(TRACK_FREE | FREE_MARK_FLAG);
    const [id, next] = [m.alloc(4), m.alloc(4)];
    const alloc = (): [number, number] => [m.call('__xa_alloc_cyclic', xa, id, -0x7000_0000, 3n, next, GFP_KERNEL), m.ram.readU32(id)];
    expect([alloc(), alloc()]).toEqual([[0, 0], [0, 1]]);
    m.call('xa_erase', xa, 0);
    expect([alloc(), alloc()]).toEqual([[0, 2], [0, 3]]);
    expect(alloc()).toEqual([1, 0]);
    expect(alloc()[0]).toBe(-16);
  });

  test('cmpxchg and insert', () => {
    const xa = newArray();
    expect(m.call('__xa_insert', xa, 5, -0x7000_0000, GFP_KERNEL)).toBe(0);
    expect(m.call('__xa_insert', xa, 5, -0x7000_0008, GFP_KERNEL)).toBe(-16);
    expect(m.call('__xa_cmpxchg', xa, 5, -0x7000_0008, -0x7000_0010, GFP_KERNEL)).toBe(-0x7000_0000);
    expect(m.call('xa_load', xa, 5)).toBe(-0x7000_0000);
    expect(m.call('__xa_cmpxchg', xa, 5, -0x7000_0000, -0x7000_0010, GFP_KERNEL)).toBe(-0x7000_0000);
    expect(m.call('xa_load', xa, 5)).toBe(-0x7000_0010);
    // Internal entries may not be stored: XA_ERROR(-EINVAL).
    expect(m.call('xa_store', xa, 5, 6, GFP_KERNEL)).toBe(-22 * 4 + 2);
  });

  test('entries of many indices', () => {
    const xa = newArray();
    expect(m.call('xa_store_range', xa, 64, 191, -0x7000_0000, GFP_KERNEL)).toBe(0);
    expect(m.call('xa_load', xa, 63)).toBe(0);
    for (const index of [64, 100, 128, 191]) expect(m.call('xa_load', xa, index)).toBe(-0x7000_0000);
    expect(m.call('xa_load', xa, 192)).toBe(0);
    expect(m.call('xa_get_order', xa, 70)).toBe(6);
    expect(iterate(xa).map(([index]) => index)).toEqual([64n, 128n]);
    m.call('xa_store_range', xa, 8, 11, -0x7000_0008, GFP_KERNEL);
    expect(m.call('xa_get_order', xa, 9)).toBe(2);
    expect(iterate(xa).map(([index]) => index)).toEqual([8n, 64n, 128n]);
    m.call('xa_erase', xa, 10);
    expect(m.call('xa_load', xa, 8)).toBe(0);
    m.call('xa_destroy', xa);
    expect(nodesInUse()).toBe(0);
  });

  test('extract, values, pointer indices', () => {
    const xa = newArray();
    const pointer = BigInt.asUintN(64, -0x7fff_1238n);
    m.call('xa_store', xa, pointer, 0x7fff_ffff_ffff_fff1n, GFP_KERNEL);
    m.call('xa_store', xa, 3, 7, GFP_KERNEL);
    const dest = m.alloc(64);
    expect(m.call('xa_extract', xa, dest, 0, MAX, 8, 8)).toBe(2);
    expect([m.ram.readU64(dest), m.ram.readU64(dest + 8)]).toEqual([7n, 0x7fff_ffff_ffff_fff1n]);
    expect(m.call('xa_extract', xa, dest, 4, MAX, 8, 8)).toBe(1);
    const index = m.word();
    m.ram.writeU64(index, 3n);
    m.call('xa_find_after', xa, index, MAX, 8);
    expect(m.ram.readU64(index)).toBe(pointer);
    m.call('xa_erase', xa, pointer);
    expect(m.call('xa_load', xa, 3)).toBe(7);
  });

  test('a node can be taken out whole', () => {
    const xa = newArray();
    for (const index of [0, 64, 65, 66]) m.call('xa_store', xa, index, -0x7000_0000, GFP_KERNEL);
    const root = m.ram.readPtr(xa + 8) - 2;
    m.call('xa_delete_node', m.ram.readPtr(root + 40 + 8) - 2, 0);
    expect(iterate(xa).map(([index]) => index)).toEqual([0n]);
  });
});

describe('xa_state', () => {
  const layout = { node: 24, offset: 18, index: 8 };
  const newState = (xa: Ptr, index: number): Ptr => {
    const xas = m.alloc(56);
    m.ram.writePtr(xas, xa);
    m.ram.writePtr(xas + layout.index, index);
    m.ram.writePtr(xas + layout.node, 3);
    return xas;
  };
  const filled = (...indices: number[]): Ptr => {
    const xa = newArray();
    for (const index of indices) m.call('xa_store', xa, index, -0x7000_0000 + index * 8, GFP_KERNEL);
    return xa;
  };

  test('load settles on a slot that inlined code can follow', () => {
    const xas = newState(filled(1, 5, 100), 100);
    expect(m.call('xas_load', xas)).toBe(-0x7000_0000 + 800);
    const node = m.ram.readPtr(xas + layout.node);
    expect(m.ram.readPtr(node + 40 + m.ram.readU8(xas + layout.offset) * 8)).toBe(-0x7000_0000 + 800);
    const beyond = newState(m.ram.readPtr(xas), 5000);
    expect(m.call('xas_load', beyond)).toBe(0);
    expect(m.ram.readPtr(beyond + layout.node)).toBe(1);
  });
  test('find, find_marked, pause', () => {
    const xa = filled(1, 5, 100, 4000);
    m.call('xa_set_mark', xa, 100, 1);
    const xas = newState(xa, 0);
    const seen: number[] = [];
    for (let entry = m.call('xas_find', xas, 3999); entry !== 0; entry = m.call('xas_find', xas, 3999)) {
      seen.push(m.ram.readPtr(xas + layout.index));
      if (seen.length === 2) m.call('xas_pause', xas);
    }
    expect(seen).toEqual([1, 5, 100]);
    const marked = newState(xa, 0);
    expect(m.call('xas_find_marked', marked, MAX, 1)).toBe(-0x7000_0000 + 800);
    expect(m.call('xas_find_marked', marked, MAX, 1)).toBe(0);
  });
  test('store, marks, order, neighbours', () => {
    const xa = filled(1);
    const xas = newState(xa, 70);
    expect(m.call('xas_store', xas, -0x7000_0100)).toBe(0);
    expect(m.call('xa_load', xa, 70)).toBe(-0x7000_0100);
    m.call('xas_set_mark', xas, 2);
    expect(m.call('xas_get_mark', xas, 2)).toBe(1);
    expect(m.call('xa_get_mark', xa, 70, 2)).toBe(1);
    m.call('xas_clear_mark', xas, 2);
    expect(m.call('xas_get_mark', xas, 2)).toBe(0);
    m.call('xas_set_mark', xas, 1);
    m.call('xas_init_marks', xas);
    expect(m.call('xa_get_mark', xa, 70, 1)).toBe(0);
    expect(m.call('xas_get_order', xas)).toBe(0);
    expect(m.call('__xas_prev', xas)).toBe(0);
    expect(m.call('__xas_next', xas)).toBe(-0x7000_0100);
    expect(m.call('xas_nomem', xas, GFP_KERNEL)).toBe(0);
  });
  test('find_conflict lists what an entry of higher order would replace', () => {
    const xa = filled(64, 66, 70);
    const xas = newState(xa, 64);
    m.ram.writeU8(xas + 17, 3);
    const found = [m.call('xas_find_conflict', xas), m.call('xas_find_conflict', xas), m.call('xas_find_conflict', xas)];
    expect(found).toEqual([-0x7000_0000 + 512, -0x7000_0000 + 528, 0]);
    m.call('xas_store', xas, -0x7000_0100);
    expect([64, 65, 66, 67, 68, 70].map((i) => m.call('xa_load', xa, i))).toEqual([-0x7000_0100, -0x7000_0100, -0x7000_0100, -0x7000_0100, 0, -0x7000_0000 + 560]);
  });
});
