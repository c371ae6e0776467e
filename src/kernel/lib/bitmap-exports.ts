// Exported bitmap operations. Linux: lib/bitmap.c, lib/find_bit.c.

import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { Allocator } from '../services.ts';
import { Bitmaps, wordsFor } from './bitmap.ts';
import { bitmapList, bitmapMask, parseBitmapList, parseBitmapMask } from './bitmap-text.ts';

const EBUSY = 16, ENOMEM = 12;

export function bitmapExports(ram: Ram, allocator: Allocator): ExportTable {
  const maps = new Bitmaps(ram);
  return { ...searchExports(maps), ...logicExports(maps), ...shapeExports(maps), ...regionExports(maps), ...textExports(maps), ...allocationExports(allocator) };
}

function searchExports(maps: Bitmaps): ExportTable {
  const both = (a: Ptr, b: Ptr, op: (x: number, y: number) => number) => {
    const [x, y] = [maps.words(a), maps.words(b)];
    return (i: number): number => op(x(i), y(i));
  };
  const findBoth = (a: Ptr, b: Ptr, start: number, end: number, op: (x: number, y: number) => number): number =>
    start >= end ? end : maps.find(start, end, both(a, b, op));
  const and = (x: number, y: number): number => x & y;
  return {
    _find_first_bit: fn('_find_first_bit', (map: Ptr, end: number) => maps.findSet(map, 0, end)),
    _find_first_zero_bit: fn('_find_first_zero_bit', (map: Ptr, end: number) => maps.findClear(map, 0, end)),
    _find_first_and_bit: fn('_find_first_and_bit', (a: Ptr, b: Ptr, end: number) => findBoth(a, b, 0, end, and)),
    _find_next_bit: fn('_find_next_bit', (map: Ptr, end: number, start: number) => maps.findSet(map, start, end)),
    _find_next_zero_bit: fn('_find_next_zero_bit', (map: Ptr, end: number, start: number) => maps.findClear(map, start, end)),
    _find_next_and_bit: fn('_find_next_and_bit', (a: Ptr, b: Ptr, end: number, start: number) => findBoth(a, b, start, end, and)),
    _find_next_andnot_bit: fn('_find_next_andnot_bit', (a: Ptr, b: Ptr, end: number, start: number) => findBoth(a, b, start, end, (x, y) => x & ~y)),
    _find_last_bit: fn('_find_last_bit', (map: Ptr, end: number) => maps.findLast(map, end)),
    __find_nth_bit: fn('__find_nth_bit', (map: Ptr, end: number, n: number) => {
      let left = n;
      for (const bit of maps.each(map, end)) if (left-- === 0) return bit;
      return end;
    }),
  };
}

function logicExports(maps: Bitmaps): ExportTable {
  const { ram } = maps;
  return {
    __bitmap_and: fn('__bitmap_and', (dest: Ptr, a: Ptr, b: Ptr, end: number) => maps.combine(dest, a, b, end, (x, y) => x & y)),
    __bitmap_andnot: fn('__bitmap_andnot', (dest: Ptr, a: Ptr, b: Ptr, end: number) => maps.combine(dest, a, b, end, (x, y) => x & ~y)),
    __bitmap_or: fn('__bitmap_or', (dest: Ptr, a: Ptr, b: Ptr, end: number) => { maps.combine(dest, a, b, end, (x, y) => x | y); }),
    __bitmap_xor: fn('__bitmap_xor', (dest: Ptr, a: Ptr, b: Ptr, end: number) => { maps.combine(dest, a, b, end, (x, y) => x ^ y); }),
    __bitmap_complement: fn('__bitmap_complement', (dest: Ptr, src: Ptr, end: number) => { maps.combine(dest, src, src, end, (x) => ~x); }),
    __bitmap_replace: fn('__bitmap_replace', (dest: Ptr, old: Ptr, next: Ptr, mask: Ptr, end: number) => {
      for (let i = 0; i < wordsFor(end) * 2; i++) {
        const m = ram.readU32(mask + i * 4);
        ram.writeU32(dest + i * 4, (ram.readU32(old + i * 4) & ~m) | (ram.readU32(next + i * 4) & m));
      }
    }),
    __bitmap_equal: fn('__bitmap_equal', (a: Ptr, b: Ptr, end: number) => !maps.anyOf(a, b, end, (x, y) => x ^ y)),
    __bitmap_intersects: fn('__bitmap_intersects', (a: Ptr, b: Ptr, end: number) => maps.anyOf(a, b, end, (x, y) => x & y)),
    __bitmap_subset: fn('__bitmap_subset', (a: Ptr, b: Ptr, end: number) => !maps.anyOf(a, b, end, (x, y) => x & ~y)),
    __bitmap_weight: fn('__bitmap_weight', (map: Ptr, end: number) => maps.weight(map, end)),
    __bitmap_weight_and: fn('__bitmap_weight_and', (a: Ptr, b: Ptr, end: number) => {
      let n = 0;
      for (const bit of maps.each(a, end)) if (maps.test(b, bit)) n++;
      return n;
    }),
    __bitmap_set: fn('__bitmap_set', (map: Ptr, start: number, length: number) => maps.setRange(map, start, length, true)),
    __bitmap_clear: fn('__bitmap_clear', (map: Ptr, start: number, length: number) => maps.setRange(map, start, length, false)),
  };
}

/** Operations that move bits: worked on the map as one large number. */
function shapeExports(maps: Bitmaps): ExportTable {
  const { ram } = maps;
  return {
    __bitmap_shift_right: fn('__bitmap_shift_right', (dest: Ptr, src: Ptr, shift: number, end: number) => maps.fromBig(dest, end, maps.toBig(src, end) >> BigInt(shift))),
    __bitmap_shift_left: fn('__bitmap_shift_left', (dest: Ptr, src: Ptr, shift: number, end: number) => maps.fromBig(dest, end, maps.toBig(src, end) << BigInt(shift))),
    bitmap_cut: fn('bitmap_cut', (dest: Ptr, src: Ptr, first: number, cut: number, end: number) => {
      const bits = maps.toBig(src, end);
      const low = BigInt.asUintN(first, bits);
      maps.fromBig(dest, end, low | ((bits >> BigInt(first + cut)) << BigInt(first)));
    }),
    bitmap_to_arr32: fn('bitmap_to_arr32', (dest: Ptr, map: Ptr, end: number) => {
      for (let i = 0; i * 32 < end; i++) ram.writeU32(dest + i * 4, ram.readU32(map + i * 4) & maps.maskFor(i, end));
    }),
    bitmap_from_arr32: fn('bitmap_from_arr32', (map: Ptr, src: Ptr, end: number) => {
      for (let i = 0; i < wordsFor(end) * 2; i++) ram.writeU32(map + i * 4, i * 32 < end ? ram.readU32(src + i * 4) & maps.maskFor(i, end) : 0);
    }),
    bitmap_remap: fn('bitmap_remap', (dest: Ptr, src: Ptr, from: Ptr, to: Ptr, end: number) => {
      if (dest === src) return;
      const mapping = remapping([...maps.each(from, end)], [...maps.each(to, end)]);
      const bits = [...maps.each(src, end)];
      maps.setRange(dest, 0, end, false);
      for (const bit of bits) maps.put(dest, mapping(bit), true);
    }),
    bitmap_bitremap: fn('bitmap_bitremap', (bit: number, from: Ptr, to: Ptr, end: number) => remapping([...maps.each(from, end)], [...maps.each(to, end)])(bit)),
  };
}

/** The n-th set bit of `from` goes to the n-th of `to`, counted round; others stay. */
function remapping(from: readonly number[], to: readonly number[]): (bit: number) => number {
  return (bit) => {
    const rank = from.indexOf(bit);
    return rank < 0 || to.length === 0 ? bit : to[rank % to.length]!;
  };
}

/** Aligned blocks of 2^order bits, and free areas. */
function regionExports(maps: Bitmaps): ExportTable {
  const isFree = (map: Ptr, start: number, length: number): boolean => maps.findSet(map, start, start + length) === start + length;
  return {
    bitmap_find_free_region: fn('bitmap_find_free_region', (map: Ptr, end: number, order: number) => {
      for (let at = 0; at + 2 ** order <= end; at += 2 ** order) {
        if (!isFree(map, at, 2 ** order)) continue;
        maps.setRange(map, at, 2 ** order, true);
        return at;
      }
      return -ENOMEM;
    }),
    bitmap_release_region: fn('bitmap_release_region', (map: Ptr, at: number, order: number) => maps.setRange(map, at, 2 ** order, false)),
    bitmap_allocate_region: fn('bitmap_allocate_region', (map: Ptr, at: number, order: number) => {
      if (!isFree(map, at, 2 ** order)) return -EBUSY;
      maps.setRange(map, at, 2 ** order, true);
      return 0;
    }),
    bitmap_find_next_zero_area_off: fn('bitmap_find_next_zero_area_off', (map: Ptr, end: number, start: number, length: number, alignMask: number, alignOffset: number) => {
      for (let from = start; ;) {
        const free = maps.findClear(map, from, end);
        const at = Math.ceil((free + alignOffset) / (alignMask + 1)) * (alignMask + 1) - alignOffset;
        if (at + length > end) return at + length;
        const taken = maps.findSet(map, at, at + length);
        if (taken >= at + length) return at;
        from = taken + 1;
      }
    }),
  };
}

function textExports(maps: Bitmaps): ExportTable {
  const { ram } = maps;
  const write = (buffer: Ptr, text: string, offset: number, count: number): number => {
    const part = text.slice(offset, offset + count);
    if (part !== '') ram.writeBytes(buffer, Uint8Array.from(part, (c) => c.charCodeAt(0)));
    return part.length;
  };
  const parseInto = (map: Ptr, end: number, parse: () => bigint | number): number => {
    const bits = parse();
    if (typeof bits === 'number') return bits;
    maps.fromBig(map, end, bits);
    return 0;
  };
  return {
    bitmap_parse: fn('bitmap_parse', (text: Ptr, length: number, map: Ptr, end: number) => parseInto(map, end, () => parseBitmapMask(ram.cstring(text, length), end))),
    bitmap_parselist: fn('bitmap_parselist', (text: Ptr, map: Ptr, end: number) => parseInto(map, end, () => parseBitmapList(ram.cstring(text), end))),
    bitmap_print_to_pagebuf: fn('bitmap_print_to_pagebuf', (isList: boolean, buffer: Ptr, map: Ptr, end: number) => {
      const text = `${isList ? bitmapList(maps, map, end) : bitmapMask(maps, map, end)}\n`;
      const room = PAGE_SIZE - (buffer & (PAGE_SIZE - 1));
      ram.writeCString(buffer, text.slice(0, room - 1));
      return Math.min(text.length, room - 1);
    }),
    bitmap_print_bitmask_to_buf: fn('bitmap_print_bitmask_to_buf', (buffer: Ptr, map: Ptr, end: number, offset: bigint, count: number) =>
      write(buffer, `${bitmapMask(maps, map, end)}\n\0`, Number(offset), count)),
    bitmap_print_list_to_buf: fn('bitmap_print_list_to_buf', (buffer: Ptr, map: Ptr, end: number, offset: bigint, count: number) =>
      write(buffer, `${bitmapList(maps, map, end)}\n\0`, Number(offset), count)),
  };
}

function allocationExports(allocator: Allocator): ExportTable {
  // Memory is zeroed either way.
  const alloc = (nrBits: number, gfp: number): Ptr => allocator.kmalloc(wordsFor(nrBits) * 8, gfp);
  return {
    bitmap_alloc: fn('bitmap_alloc', alloc),
    bitmap_zalloc: fn('bitmap_zalloc', alloc),
    bitmap_alloc_node: fn('bitmap_alloc_node', (nrBits: number, gfp: number, _node: number) => alloc(nrBits, gfp)),
    bitmap_zalloc_node: fn('bitmap_zalloc_node', (nrBits: number, gfp: number, _node: number) => alloc(nrBits, gfp)),
    bitmap_free: fn('bitmap_free', (map: Ptr) => allocator.kfree(map)),
  };
}
