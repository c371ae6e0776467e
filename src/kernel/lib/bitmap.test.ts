import { beforeEach, describe, expect, test } from 'vitest';
import { LibraryMachine, numbers } from '../../../test/kernel/library-machine.ts';
import type { Ptr } from '../../base/ptr.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });

const words = (n: number): number => Math.ceil(n / 64);
const write = (map: Ptr, n: number, value: bigint): void => { for (let i = 0; i < words(n); i++) m.ram.writeU64(map + i * 8, value >> BigInt(i * 64)); };
const read = (map: Ptr, n: number): bigint => {
  let value = 0n;
  for (let i = words(n) - 1; i >= 0; i--) value = (value << 64n) | m.ram.readU64(map + i * 8);
  return BigInt.asUintN(n, value);
};
const map = (n: number, value = 0n): Ptr => {
  const at = m.alloc(words(n) * 8);
  write(at, n, value);
  return at;
};
const bit = (value: bigint, i: number): boolean => (value >> BigInt(i) & 1n) === 1n;
const count = (value: bigint): number => value.toString(2).replaceAll('0', '').length;

describe('bitmap against bigint', () => {
  test('every operation, random sizes and contents', () => {
    const next = numbers(21);
    const random = (n: number): bigint => {
      let value = 0n;
      // Sparse, dense or random: searches need long runs too.
      const density = [1, 50, 99][next(3)]!;
      for (let i = 0; i < n; i++) value = (value << 1n) | (next(100) < density ? 1n : 0n);
      return value;
    };
    for (let round = 0; round < 250; round++) {
      const n = 1 + next(200);
      const [a, b, c] = [random(n), random(n), random(n)];
      // Garbage beyond the length must not matter.
      const junk = random(64) << BigInt(n);
      const [A, B, C, D] = [map(n, a | junk), map(n, b | junk), map(n, c | junk), map(n)];
      const mask = (1n << BigInt(n)) - 1n;
      const positions = Array.from({ length: n }, (_, i) => i);
      const first = (from: number, is: (i: number) => boolean): number => positions.find((i) => i >= from && is(i)) ?? n;
      const start = next(n + 1);
      expect(m.call('_find_first_bit', A, n)).toBe(first(0, (i) => bit(a, i)));
      expect(m.call('_find_first_zero_bit', A, n)).toBe(first(0, (i) => !bit(a, i)));
      expect(m.call('_find_first_and_bit', A, B, n)).toBe(first(0, (i) => bit(a & b, i)));
      expect(m.call('_find_next_bit', A, n, start)).toBe(first(start, (i) => bit(a, i)));
      expect(m.call('_find_next_zero_bit', A, n, start)).toBe(first(start, (i) => !bit(a, i)));
      expect(m.call('_find_next_and_bit', A, B, n, start)).toBe(first(start, (i) => bit(a & b, i)));
      expect(m.call('_find_next_andnot_bit', A, B, n, start)).toBe(first(start, (i) => bit(a, i) && !bit(b, i)));
      expect(m.call('_find_last_bit', A, n)).toBe(positions.findLast((i) => bit(a, i)) ?? n);
      expect(m.call('__find_nth_bit', A, n, 2)).toBe(positions.filter((i) => bit(a, i))[2] ?? n);
      expect(m.call('__bitmap_and', D, A, B, n)).toBe((a & b) !== 0n);
      expect(read(D, n)).toBe(a & b);
      expect(m.call('__bitmap_andnot', D, A, B, n)).toBe((a & ~b & mask) !== 0n);
      expect(read(D, n)).toBe(a & ~b & mask);
      m.call('__bitmap_or', D, A, B, n);
      expect(read(D, n)).toBe(a | b);
      m.call('__bitmap_xor', D, A, B, n);
      expect(read(D, n)).toBe(a ^ b);
      m.call('__bitmap_complement', D, A, n);
      expect(read(D, n)).toBe(~a & mask);
      m.call('__bitmap_replace', D, A, B, C, n);
      expect(read(D, n)).toBe((a & ~c & mask) | (b & c));
      expect(m.call('__bitmap_equal', A, B, n)).toBe(a === b);
      expect(m.call('__bitmap_equal', A, map(n, a), n)).toBe(true);
      expect(m.call('__bitmap_intersects', A, B, n)).toBe((a & b) !== 0n);
      expect(m.call('__bitmap_subset', A, B, n)).toBe((a & ~b & mask) === 0n);
      expect(m.call('__bitmap_weight', A, n)).toBe(count(a));
      expect(m.call('__bitmap_weight_and', A, B, n)).toBe(count(a & b));
      const length = next(n - Math.min(start, n - 1));
      const range = ((1n << BigInt(length)) - 1n) << BigInt(Math.min(start, n - 1));
      write(D, n, a);
      m.call('__bitmap_set', D, Math.min(start, n - 1), length);
      expect(read(D, n)).toBe(a | range);
      write(D, n, a);
      m.call('__bitmap_clear', D, Math.min(start, n - 1), length);
      expect(read(D, n)).toBe(a & ~range & mask);
      const shift = next(n + 1);
      m.call('__bitmap_shift_right', D, A, shift, n);
      expect(read(D, n)).toBe(a >> BigInt(shift));
      m.call('__bitmap_shift_left', D, A, shift, n);
      expect(read(D, n)).toBe((a << BigInt(shift)) & mask);
      const words32 = m.alloc(Math.ceil(n / 32) * 4);
      m.call('bitmap_to_arr32', words32, A, n);
      m.call('bitmap_from_arr32', D, words32, n);
      expect(read(D, n)).toBe(a);
      // Text and back.
      const text = m.alloc(4096);
      m.call('bitmap_print_to_pagebuf', true, text, A, n);
      expect(m.call('bitmap_parselist', text, D, n)).toBe(0);
      expect(read(D, n)).toBe(a);
      const written = m.call('bitmap_print_to_pagebuf', false, text, A, n);
      expect(m.call('bitmap_parse', text, written, D, n)).toBe(0);
      expect(read(D, n)).toBe(a);
      for (const at of [A, B, C, D, words32, text]) m.memory.slab.kfree(at);
    }
  });
  test('cut, remap, regions', () => {
    const d = map(16);
    m.call('bitmap_cut', d, map(16, 0b1111_0000_1010_0101n), 4, 4, 16);
    expect(read(d, 16)).toBe(0b1111_0000_0101n);
    m.call('bitmap_remap', d, map(16, 0b0111n), map(16, 0b0011n), map(16, 0b1100_0000n), 16);
    expect(read(d, 16)).toBe(0b1100_0100n);
    expect(m.call('bitmap_bitremap', 1, map(16, 0b0011n), map(16, 0b1100_0000n), 16)).toBe(7);
    const r = map(32, 1n);
    expect(m.call('bitmap_find_free_region', r, 32, 2)).toBe(4);
    expect(m.call('bitmap_allocate_region', r, 8, 3)).toBe(0);
    expect(m.call('bitmap_allocate_region', r, 8, 1)).toBe(-16);
    m.call('bitmap_release_region', r, 4, 2);
    expect(read(r, 32)).toBe(0xff01n);
    expect(m.call('bitmap_find_next_zero_area_off', r, 32, 0, 8, 7, 0)).toBe(16);
    expect(m.call('bitmap_find_next_zero_area_off', r, 32, 0, 20, 0, 0)).toBeGreaterThan(32);
    expect(m.call('bitmap_find_free_region', r, 32, 5)).toBe(-12);
  });
  test('texts', () => {
    const d = map(72);
    const parse = (text: string): [number, bigint] => [m.call('bitmap_parselist', m.string(text), d, 72), read(d, 72)];
    expect(parse('0-3,8\n')).toEqual([0, 0x10fn]);
    expect(parse('0-15:1/4')[1]).toBe(0x1111n);
    expect(parse('N')[1]).toBe(1n << 71n);
    expect(parse('all')[1]).toBe((1n << 72n) - 1n);
    expect(parse('5-3')[0]).toBe(-22);
    expect(parse('72')[0]).toBe(-34);
    expect(m.call('bitmap_parse', m.string('1,00000002'), 10, d, 72)).toBe(0);
    expect(read(d, 72)).toBe((1n << 32n) | 2n);
    const text = m.alloc(4096);
    expect(m.call('bitmap_print_bitmask_to_buf', text, d, 72, 0n, 100)).toBe(22);
    expect(m.text(text)).toBe('00,00000001,00000002\n');
    m.call('bitmap_print_list_to_buf', text, d, 72, 0n, 100);
    expect(m.text(text)).toBe('1,32\n');
    expect(m.call('bitmap_parse', m.string('xyz'), 3, d, 72)).toBe(-22);
    expect(m.call('bitmap_parse', m.string('fff,00000000,00000000'), 21, d, 72)).toBe(-75);
  });
  test('allocation', () => {
    for (const [symbol, ...extra] of [['bitmap_alloc'], ['bitmap_zalloc'], ['bitmap_alloc_node', 0], ['bitmap_zalloc_node', 0]] as [string, number?][]) {
      const at = m.call(symbol, 100, 0xcc0, ...extra.filter((x) => x !== undefined));
      expect(m.memory.slab.ksize(at)).toBe(16);
      m.call('bitmap_free', at);
    }
  });
});
