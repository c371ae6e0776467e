// Text forms of bitmaps: `ff,00000001` (32-bit groups, highest first) and `0-3,8,10-20:2/5`. Linux: lib/bitmap.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Bitmaps } from './bitmap.ts';

const EINVAL = 22, ERANGE = 34, EOVERFLOW = 75;

export function bitmapMask(maps: Bitmaps, map: Ptr, end: number): string {
  const groups: string[] = [];
  for (let i = Math.ceil(end / 32) - 1; i >= 0; i--) {
    const bits = Math.min(32, end - i * 32);
    groups.push(((maps.ram.readU32(map + i * 4) & maps.maskFor(i, end)) >>> 0).toString(16).padStart(Math.ceil(bits / 4), '0'));
  }
  return groups.join(',');
}

export function bitmapList(maps: Bitmaps, map: Ptr, end: number): string {
  const ranges: string[] = [];
  for (let start = maps.findSet(map, 0, end); start < end;) {
    const stop = maps.findClear(map, start, end);
    ranges.push(stop === start + 1 ? `${start}` : `${start}-${stop - 1}`);
    start = maps.findSet(map, stop, end);
  }
  return ranges.join(',');
}

/** The bits, or a negative errno as a number. */
export function parseBitmapMask(text: string, end: number): bigint | number {
  const body = text.replace(/\n[\s\S]*$/, '').trim();
  let bits = 0n;
  for (const group of body.split(',')) {
    if (!/^[0-9a-f]+$/i.test(group.trim())) return -EINVAL;
    if (group.trim().replace(/^0+/, '').length > 8) return -EOVERFLOW;
    bits = (bits << 32n) | BigInt(`0x${group.trim()}`);
  }
  return bits >= 1n << BigInt(end) ? -EOVERFLOW : bits;
}

/** Ranges `a`, `a-b`, `a-b:used/group`, `all`, `N` for the last bit; empty entries are allowed. */
export function parseBitmapList(text: string, end: number): bigint | number {
  let bits = 0n;
  for (const entry of text.split(/[,\s]+/)) {
    if (entry === '') continue;
    const range = /^(?:(all)|(\d+|N)(?:-(\d+|N))?)(?::(\d+)\/(\d+))?$/i.exec(entry);
    if (!range) return -EINVAL;
    const number = (part: string): number => part.toUpperCase() === 'N' ? end - 1 : Number(part);
    const isAll = range[1] !== undefined;
    const first = isAll ? 0 : number(range[2]!);
    const last = isAll ? end - 1 : range[3] === undefined ? first : number(range[3]);
    const used = range[4] === undefined ? last + 1 : Number(range[4]);
    const group = range[5] === undefined ? last + 1 : Number(range[5]);
    if (first > last || used > group || group === 0) return -EINVAL;
    if (last >= end) return -ERANGE;
    for (let at = first; at <= last; at += group) {
      for (let bit = at; bit < Math.min(at + used, last + 1); bit++) bits |= 1n << BigInt(bit);
    }
  }
  return bits;
}
