import { beforeEach, describe, expect, test } from 'vitest';
import { Bug } from '../../../test/kernel/fake-machine.ts';
import { LibraryMachine, numbers } from '../../../test/kernel/library-machine.ts';
import { loadTestAbi } from '../../../test/test-kernel.ts';
import type { Ptr } from '../../base/ptr.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const GFP_KERNEL = 0xcc0;

describe('lists', () => {
  const head = (): Ptr => {
    const at = m.alloc(16);
    m.ram.writePtr(at, at);
    m.ram.writePtr(at + 8, at);
    return at;
  };
  const add = (entry: Ptr, prev: Ptr, next: Ptr): void => {
    m.ram.writePtr(next + 8, entry);
    m.ram.writePtr(entry, next);
    m.ram.writePtr(entry + 8, prev);
    m.ram.writePtr(prev, entry);
  };
  test.each([['6.1', '__list_add_valid', '__list_del_entry_valid'], ['6.12', '__list_add_valid_or_report', '__list_del_entry_valid_or_report']] as const)('corruption is a BUG in %s', (series, addValid, delValid) => {
    const abi = loadTestAbi(series);
    if (!abi) return;
    m = new LibraryMachine({ abi });
    const px = (at: Ptr): string => BigInt.asUintN(64, BigInt(at)).toString(16);
    const broken = (symbol: string, args: Ptr[], text: string): void => {
      expect(() => m.call(symbol, ...args)).toThrow(Bug);
      expect(m.lines.at(-1)).toBe(text);
    };
    const other = m.alloc(16);
    /** A list of one entry, and what damages it. */
    const damaged = (damage: (list: Ptr, entry: Ptr) => void): [Ptr, Ptr] => {
      const [list, entry] = [head(), m.alloc(16)];
      expect(m.call(addValid, entry, list, list)).toBe(true);
      add(entry, list, list);
      expect(m.call(delValid, entry)).toBe(true);
      damage(list, entry);
      return [list, entry];
    };
    let [list, entry] = damaged(() => {});
    broken(addValid, [entry, list, entry], `list_add double add: new=${px(entry)}, prev=${px(list)}, next=${px(entry)}.`);
    broken(addValid, [other, 0, list], 'list_add corruption. prev is NULL.');
    broken(addValid, [other, list, 0], 'list_add corruption. next is NULL.');
    broken(addValid, [other, list, list], `list_add corruption. next->prev should be prev (${px(list)}), but was ${px(entry)}. (next=${px(list)}).`);
    [list, entry] = damaged((at) => m.ram.writePtr(at, other));
    broken(addValid, [other, list, entry], `list_add corruption. prev->next should be next (${px(entry)}), but was ${px(other)}. (prev=${px(list)}).`);
    [list, entry] = damaged((_at, e) => m.ram.writePtr(e, 0));
    broken(delValid, [entry], `list_del corruption, ${px(entry)}->next is NULL`);
    [list, entry] = damaged((_at, e) => m.ram.writePtr(e + 8, 0));
    broken(delValid, [entry], `list_del corruption, ${px(entry)}->prev is NULL`);
    [list, entry] = damaged((_at, e) => m.ram.writeU64(e, 0xdead_0000_0000_0100n));
    broken(delValid, [entry], `list_del corruption, ${px(entry)}->next is LIST_POISON1 (dead000000000100)`);
    [list, entry] = damaged((_at, e) => m.ram.writeU64(e + 8, 0xdead_0000_0000_0122n));
    broken(delValid, [entry], `list_del corruption, ${px(entry)}->prev is LIST_POISON2 (dead000000000122)`);
    [list, entry] = damaged((at) => m.ram.writePtr(at, at));
    broken(delValid, [entry], `list_del corruption. prev->next should be ${px(entry)}, but was ${px(list)}. (prev=${px(list)})`);
    [list, entry] = damaged((at) => m.ram.writePtr(at + 8, at));
    broken(delValid, [entry], `list_del corruption. next->prev should be ${px(entry)}, but was ${px(list)}. (next=${px(list)})`);
  });
  test('lock-less lists', () => {
    const [list, a, b, c] = [m.word(), m.word(), m.word(), m.word()];
    m.ram.writePtr(a, b);
    expect(m.call('llist_add_batch', a, b, list)).toBe(true);
    expect(m.call('llist_add_batch', c, c, list)).toBe(false);
    expect([m.call('llist_del_first', list), m.ram.readPtr(list)]).toEqual([c, a]);
    expect(m.call('llist_reverse_order', a)).toBe(b);
    expect([m.ram.readPtr(b), m.ram.readPtr(a)]).toEqual([a, 0]);
    expect([m.call('llist_del_first', m.word())]).toEqual([0]);
  });
  test('list_sort is stable', () => {
    const list = head();
    const next = numbers(4);
    const entries = Array.from({ length: 60 }, (_, i) => {
      const at = m.alloc(24);
      m.ram.writeU32(at + 16, next(8));
      m.ram.writeU32(at + 20, i);
      add(at, m.ram.readPtr(list + 8), list);
      return at;
    });
    const priv = 77;
    const compare = m.guestFunction((p, a, b) => p === priv ? m.ram.readU32(a + 16) - m.ram.readU32(b + 16) : 0);
    m.call('list_sort', priv, list, compare);
    const sorted: Ptr[] = [];
    for (let at = m.ram.readPtr(list); at !== list; at = m.ram.readPtr(at)) {
      expect(m.ram.readPtr(m.ram.readPtr(at) + 8)).toBe(at);
      sorted.push(at);
    }
    const key = (at: Ptr): number => m.ram.readU32(at + 16) * 1000 + m.ram.readU32(at + 20);
    expect(sorted.map(key)).toEqual(entries.map(key).sort((a, b) => a - b));
    m.call('list_sort', priv, head(), compare);
  });
});

describe('sort and bsearch', () => {
  test('sorts any element size, with and without swap functions', () => {
    const next = numbers(8);
    for (const [count, size] of [[0, 4], [1, 4], [2, 4], [57, 4], [33, 12]] as const) {
      const at = m.alloc(Math.max(count * size, 1));
      for (let i = 0; i < count; i++) m.ram.writeU32(at + i * size, next(50));
      const values = (): number[] => Array.from({ length: count }, (_, i) => m.ram.readU32(at + i * size));
      const wanted = values().sort((a, b) => a - b);
      let swaps = 0;
      const swap = m.guestFunction((a, b, bytes) => {
        swaps++;
        const kept = m.ram.bytes(a, bytes).slice();
        m.ram.copy(a, b, bytes);
        m.ram.writeBytes(b, kept);
        return 0;
      });
      const ascending = m.guestFunction((a, b) => m.ram.readU32(a) - m.ram.readU32(b));
      const descending = m.guestFunction((a, b, priv) => (m.ram.readU32(b) - m.ram.readU32(a)) * priv);
      m.call('sort', at, count, size, ascending, 0);
      expect(values()).toEqual(wanted);
      m.call('sort_r', at, count, size, descending, swap, 1);
      expect(values()).toEqual([...wanted].reverse());
      expect(swaps > 0 || count < 2).toBe(true);
    }
  });
  test('bsearch', () => {
    const at = m.alloc(40);
    for (let i = 0; i < 10; i++) m.ram.writeU32(at + i * 4, i * 10);
    const compare = m.guestFunction((key, element) => key - m.ram.readU32(element));
    expect([0, 50, 90, 55, -1, 91].map((key) => m.call('bsearch', key, at, 10, 4, compare))).toEqual([at, at + 20, at + 36, 0, 0, 0]);
  });
});

describe('kfifo', () => {
  test('a queue of elements against a model', () => {
    const next = numbers(12);
    const fifo = m.alloc(24);
    expect(m.call('__kfifo_alloc', fifo, 50, 4, GFP_KERNEL)).toBe(0);
    const model: number[] = [];
    const [input, output] = [m.alloc(400), m.alloc(400)];
    for (let round = 0; round < 400; round++) {
      const count = next(40);
      if (next(2) === 0) {
        for (let i = 0; i < count; i++) m.ram.writeU32(input + i * 4, round * 100 + i);
        const stored = Math.min(count, 64 - model.length);
        expect(m.call('__kfifo_in', fifo, input, count)).toBe(stored);
        for (let i = 0; i < stored; i++) model.push(round * 100 + i);
      } else {
        const wanted = model.slice(0, count);
        expect(m.call('__kfifo_out_peek', fifo, output, count)).toBe(wanted.length);
        expect(m.call('__kfifo_out', fifo, output, count)).toBe(wanted.length);
        expect(wanted.map((_, i) => m.ram.readU32(output + i * 4))).toEqual(wanted);
        model.splice(0, wanted.length);
      }
    }
    m.call('__kfifo_free', fifo);
    expect(m.ram.readPtr(fifo + 16)).toBe(0);
    expect(m.call('__kfifo_alloc', fifo, 1, 4, GFP_KERNEL)).toBe(-22);
    expect([m.call('__kfifo_init', fifo, input, 100, 4), m.ram.readU32(fifo + 8)]).toEqual([0, 15]);
    expect(m.call('__kfifo_init', fifo, input, 7, 4)).toBe(-22);
  });
  test.each([1, 2])('records with %i length bytes', (lengthBytes) => {
    const next = numbers(13);
    const fifo = m.alloc(24);
    m.call('__kfifo_alloc', fifo, 64, 1, GFP_KERNEL);
    const model: string[] = [];
    const room = (): number => 64 - model.reduce((sum, text) => sum + text.length + lengthBytes, 0);
    const output = m.alloc(64);
    for (let round = 0; round < 400; round++) {
      const text = 'abcdefghijklmnopqrst'.slice(0, next(20));
      if (next(2) === 0) {
        const fits = text.length + lengthBytes <= room();
        expect(m.call('__kfifo_in_r', fifo, m.string(text), text.length, lengthBytes)).toBe(fits ? text.length : 0);
        if (fits) model.push(text);
      } else if (model.length === 0) expect(m.call('__kfifo_out_r', fifo, output, 64, lengthBytes)).toBe(0);
      else {
        const wanted = model.shift()!;
        expect(m.call('__kfifo_len_r', fifo, lengthBytes)).toBe(wanted.length);
        expect(m.call('__kfifo_out_peek_r', fifo, output, 64, lengthBytes)).toBe(wanted.length);
        if (next(4) === 0) m.call('__kfifo_skip_r', fifo, lengthBytes);
        else {
          expect(m.call('__kfifo_out_r', fifo, output, 5, lengthBytes)).toBe(Math.min(5, wanted.length));
          expect(m.ram.cstring(output, Math.min(5, wanted.length))).toBe(wanted.slice(0, 5));
        }
      }
    }
    expect([m.call('__kfifo_max_r', 300, 1), m.call('__kfifo_max_r', 300, 2)]).toEqual([255, 300]);
    expect(m.call('__kfifo_out_peek_r', m.alloc(24), output, 4, lengthBytes)).toBe(0);
  });
});

describe('scatter lists', () => {
  const layout = () => ({ size: m.abi.sizeOf('scatterlist') });
  const filled = (...buffers: number[][]): Ptr => {
    const { size } = layout();
    const sg = m.alloc(size * buffers.length);
    m.call('sg_init_table', sg, buffers.length);
    const one = m.alloc(size);
    buffers.forEach((bytes, i) => {
      m.call('sg_init_one', one, m.bytes(bytes), bytes.length);
      const marks = m.ram.readPtr(sg + i * size) & 3;
      m.ram.copy(sg + i * size, one, size);
      m.ram.writePtr(sg + i * size, m.ram.readPtr(one) - 2 + marks);
    });
    return sg;
  };
  test('walks, counts, copies', () => {
    const sg = filled([1, 2, 3], [4, 5], [6, 7, 8, 9]);
    const { size } = layout();
    expect([m.call('sg_next', sg), m.call('sg_next', sg + 2 * size), m.call('sg_last', sg, 3), m.call('sg_nents', sg)]).toEqual([sg + size, 0, sg + 2 * size, 3]);
    expect([m.call('sg_nents_for_len', sg, 5n), m.call('sg_nents_for_len', sg, 6n), m.call('sg_nents_for_len', sg, 100n), m.call('sg_nents_for_len', sg, 0n)]).toEqual([2, 3, -22, 0]);
    const out = m.alloc(16);
    const read = (n: number): number[] => Array.from(m.ram.bytes(out, n));
    expect([m.call('sg_copy_to_buffer', sg, 3, out, 16), read(9)]).toEqual([9, [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
    expect([m.call('sg_pcopy_to_buffer', sg, 3, out, 3, 4), read(3)]).toEqual([3, [5, 6, 7]]);
    expect(m.call('sg_copy_from_buffer', sg, 3, m.bytes([9, 8, 7, 6]), 4)).toBe(4);
    expect(m.call('sg_pcopy_from_buffer', sg, 3, m.bytes([1, 1]), 2, 7)).toBe(2);
    expect(m.call('sg_zero_buffer', sg, 3, 2, 4)).toBe(2);
    m.call('sg_copy_buffer', sg, 3, out, 16, 0, true);
    expect(read(9)).toEqual([9, 8, 7, 6, 0, 0, 7, 1, 1]);
  });
  test('tables and chains', () => {
    const table = m.alloc(m.abi.sizeOf('sg_table'));
    expect(m.call('sg_alloc_table', table, 5, GFP_KERNEL)).toBe(0);
    const sgl = m.ram.readPtr(table);
    expect([m.call('sg_nents', sgl), m.ram.readU32(table + 8), m.ram.readU32(table + 12)]).toEqual([5, 5, 5]);
    const other = filled([1]);
    m.ram.writePtr(sgl + 2 * layout().size, other + 1);
    expect(m.call('sg_nents', sgl)).toBe(3);
    m.call('sg_free_table', table);
    expect(m.ram.readPtr(table)).toBe(0);
    expect(m.call('sg_alloc_table', table, 0, GFP_KERNEL)).toBe(-22);
  });
  test('iterates pages', () => {
    const { size } = layout();
    const block = m.call('__get_free_pages', GFP_KERNEL, 2);
    const sg = m.alloc(size);
    m.call('sg_init_one', sg, block + 100, 3 * 4096);
    const iter = m.alloc(m.abi.sizeOf('sg_page_iter'));
    m.call('__sg_page_iter_start', iter, sg, 1, 0);
    const pages: number[] = [];
    while (m.call('__sg_page_iter_next', iter)) pages.push(m.ram.readU32(iter + 8));
    expect(pages).toEqual([0, 1, 2, 3]);
  });
});

describe('counters', () => {
  test('refcount_warn_saturate warns once per kind and saturates', () => {
    const count = m.alloc(4);
    for (const type of [3, 3, 2, 0, 1, 4, 9]) {
      m.ram.writeU32(count, 5);
      m.call('refcount_warn_saturate', count, type);
      expect(m.ram.readU32(count)).toBe(0xc000_0000);
    }
    expect(m.warnings).toEqual([
      'lib/refcount.c:28 refcount_t: underflow; use-after-free.', 'lib/refcount.c:25 refcount_t: addition on 0; use-after-free.', 'lib/refcount.c:19 refcount_t: saturated; leaking memory.',
      'lib/refcount.c:22 refcount_t: saturated; leaking memory.', 'lib/refcount.c:31 refcount_t: decrement hit 0; leaking memory.', 'lib/refcount.c:34 refcount_t: unknown saturation event!?.',
    ]);
  });
  test('conditional decrements', () => {
    const count = m.alloc(4);
    const decrement = (symbol: string, from: number): [boolean, number] => {
      m.ram.writeU32(count, from);
      return [m.call(symbol, count), m.ram.readI32(count)];
    };
    expect([decrement('refcount_dec_if_one', 1), decrement('refcount_dec_if_one', 2)]).toEqual([[true, 0], [false, 2]]);
    expect([decrement('refcount_dec_not_one', 1), decrement('refcount_dec_not_one', 2), decrement('refcount_dec_not_one', -0x4000_0000)]).toEqual([[false, 1], [true, 1], [true, -0x4000_0000]]);
    expect(decrement('refcount_dec_not_one', 0)).toEqual([true, 0]);
    expect(m.warnings).toEqual(['lib/refcount.c:87 refcount_t: underflow; use-after-free.']);
  });
  test('lockref', () => {
    const ref = m.alloc(8);
    const at = m.abi.struct('lockref').offset('count');
    const run = (symbol: string, from: number): [unknown, number] => {
      m.ram.writeU32(ref + at, from);
      return [m.call(symbol, ref), m.ram.readI32(ref + at)];
    };
    expect([run('lockref_get', 3), run('lockref_get_not_zero', 0), run('lockref_get_not_zero', 1), run('lockref_get_not_dead', 0), run('lockref_get_not_dead', -128)]).toEqual([[undefined, 4], [false, 0], [true, 2], [true, 1], [false, -128]]);
    expect([run('lockref_put_not_zero', 2), run('lockref_put_not_zero', 1), run('lockref_put_return', 2), run('lockref_put_return', 0), run('lockref_mark_dead', 1)]).toEqual([[true, 1], [false, 1], [1, 1], [-1, 0], [undefined, -128]]);
  });
  test('percpu_counter', () => {
    const counter = m.alloc(m.abi.sizeOf('percpu_counter'));
    expect(m.ram.readU32(m.data('percpu_counter_batch'))).toBe(32);
    expect(m.call('__percpu_counter_init', counter, 10n, GFP_KERNEL, 0)).toBe(0);
    const base = (): bigint => m.ram.readI64(counter + m.abi.struct('percpu_counter').offset('count'));
    m.call('percpu_counter_add_batch', counter, 5n, 32);
    expect([base(), m.call('__percpu_counter_sum', counter)]).toEqual([10n, 15n]);
    m.call('percpu_counter_add_batch', counter, 100n, 32);
    expect([base(), m.call('__percpu_counter_sum', counter)]).toEqual([115n, 115n]);
    m.call('percpu_counter_add_batch', counter, -3n, 32);
    m.call('percpu_counter_sync', counter);
    expect([base(), m.call('__percpu_counter_compare', counter, 112n, 32), m.call('__percpu_counter_compare', counter, 113n, 32), m.call('__percpu_counter_compare', counter, 0n, 32)]).toEqual([112n, 0, -1, 1]);
    m.call('percpu_counter_set', counter, 7n);
    expect(m.call('__percpu_counter_sum', counter)).toBe(7n);
    m.call('percpu_counter_destroy', counter);
    m.call('percpu_counter_destroy', counter);
  });
  test.skipIf(!loadTestAbi('6.12'))('many percpu_counters at once', () => {
    m = new LibraryMachine({ abi: loadTestAbi('6.12')! });
    const size = m.abi.sizeOf('percpu_counter');
    const counters = m.alloc(size * 3);
    expect(m.call('__percpu_counter_init_many', counters, 4n, GFP_KERNEL, 3, 0)).toBe(0);
    expect(m.call('__percpu_counter_sum', counters + 2 * size)).toBe(4n);
    m.call('percpu_counter_destroy_many', counters, 3);
  });
  test('errseq: everybody who has not seen an error sees it once', () => {
    const [seq, since] = [m.alloc(4), m.alloc(4)];
    expect(m.call('errseq_sample', seq)).toBe(0);
    m.call('errseq_set', seq, -5);
    expect([m.call('errseq_check', seq, m.ram.readU32(since)), m.call('errseq_check_and_advance', seq, since), m.call('errseq_check_and_advance', seq, since)]).toEqual([-5, -5, 0]);
    expect(m.call('errseq_sample', seq)).toBe(m.ram.readU32(since));
    m.call('errseq_set', seq, -28);
    expect([m.call('errseq_check', seq, m.ram.readU32(since)), m.call('errseq_check_and_advance', seq, since)]).toEqual([-28, -28]);
    expect(m.call('errseq_set', seq, 0)).toBe(m.ram.readU32(seq));
  });
});

describe('checksums and hashes', () => {
  test('check values of the standards: 123456789', () => {
    const [text, length] = [m.string('123456789'), 9];
    expect((~m.call('crc32_le', 0xffff_ffff, text, length)) >>> 0).toBe(0xcbf4_3926);
    expect((~m.call('crc32_be', 0xffff_ffff, text, length)) >>> 0).toBe(0xfc89_1918);
    expect((~m.call('__crc32c_le', 0xffff_ffff, text, length)) >>> 0).toBe(0xe306_9283);
    expect([m.call('crc_ccitt', 0, text, length), m.call('crc_ccitt_false', 0xffff, text, length)]).toEqual([0x2189, 0x29b1]);
    const zeros = m.bytes(new Uint8Array(5));
    expect(m.call('crc32_le_shift', 0x1234_5678, 5)).toBe(m.call('crc32_le', 0x1234_5678, zeros, 5));
    expect(m.call('__crc32c_le_shift', 0x1234_5678, 5)).toBe(m.call('__crc32c_le', 0x1234_5678, zeros, 5));
    expect([m.call('crc32_le', 7, 0, 0), m.call('crc32_be', 7, 0, 0), m.call('crc_ccitt', 7, 0, 0)]).toEqual([7, 7, 7]);
    expect([m.ram.readU16(m.data('crc_ccitt_table') + 2), m.ram.readU16(m.data('crc_ccitt_false_table') + 2), m.ram.readU8(m.data('byte_rev_table') + 1)]).toEqual([0x1189, 0x1021, 0x80]);
  });
  test('internet checksums', () => {
    const words = m.bytes([0x45, 0x00, 0x00, 0x3c, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00, 0xac, 0x10, 0x0a, 0x63, 0xac, 0x10, 0x0a, 0x0c]);
    // The example header of many textbooks: its checksum is b1e6.
    expect(m.call('ip_compute_csum', words, 20)).toBe(0xe6b1);
    const fold = (sum: number): number => { let s = sum; while (s > 0xffff) s = (s & 0xffff) + (s >>> 16); return s; };
    const partial = m.call('csum_partial', words, 19, 0);
    expect(fold(partial)).toBe(fold(m.call('csum_partial', words, 18, m.ram.readU8(words + 18))));
    const dest = m.alloc(20);
    expect([m.call('csum_partial_copy_nocheck', words, dest, 20), m.ram.readU32(dest + 16)]).toEqual([m.call('csum_partial', words, 20, 0), m.ram.readU32(words + 16)]);
    const pseudo = m.call('csum_ipv6_magic', m.bytes(new Uint8Array(16).fill(1)), m.bytes(new Uint8Array(16)), 8, 17, 0);
    expect(pseudo).toBe(~fold(8 * 0x0101 + 0x0800 + 0x1100) & 0xffff);
  });
  test('siphash: the vector of its paper, and words against bytes', () => {
    const key = m.bytes(Array.from({ length: 16 }, (_, i) => i));
    const bytes = m.bytes(Array.from({ length: 40 }, (_, i) => i));
    expect(m.call('__siphash_unaligned', bytes, 15, key)).toBe(0xa129_ca61_49be_45e5n);
    const word = (i: number): bigint => m.ram.readU64(bytes + i * 8);
    expect(m.call('siphash_1u64', word(0), key)).toBe(m.call('__siphash_unaligned', bytes, 8, key));
    expect(m.call('siphash_2u64', word(0), word(1), key)).toBe(m.call('__siphash_unaligned', bytes, 16, key));
    expect(m.call('siphash_3u64', word(0), word(1), word(2), key)).toBe(m.call('__siphash_unaligned', bytes, 24, key));
    expect(m.call('siphash_4u64', word(0), word(1), word(2), word(3), key)).toBe(m.call('__siphash_unaligned', bytes, 32, key));
    const half = (i: number): number => m.ram.readU32(bytes + i * 4);
    expect(m.call('siphash_1u32', half(0), key)).toBe(m.call('__siphash_unaligned', bytes, 4, key));
    expect(m.call('siphash_3u32', half(0), half(1), half(2), key)).toBe(m.call('__siphash_unaligned', bytes, 12, key));
    // hsiphash_1u32(7) of key {1, 2}: seen on Linux.
    const small = m.alloc(16);
    m.ram.writeU64(small, 1n);
    m.ram.writeU64(small + 8, 2n);
    expect(m.call('hsiphash_1u32', 7, small)).toBe(0x0aed_498b);
    const distinct = [m.call('hsiphash_2u32', 1, 2, small), m.call('hsiphash_3u32', 1, 2, 3, small), m.call('hsiphash_4u32', 1, 2, 3, 4, small)];
    expect(new Set(distinct).size).toBe(3);
  });
});
