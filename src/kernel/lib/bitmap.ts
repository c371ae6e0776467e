// Bitmaps of 64-bit words in guest memory, worked on as 32-bit halves: x86 is little endian, so bit n is bit n & 31 of
// 32-bit word n >> 5. Reads touch whole 64-bit words as Linux does; bits beyond the length are never reported.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';

export const wordsFor = (nrBits: number): number => Math.ceil(nrBits / 64);

export class Bitmaps {
  readonly ram: Ram;
  constructor(ram: Ram) { this.ram = ram; }

  test(map: Ptr, bit: number): boolean { return (this.ram.readU8(map + Math.floor(bit / 8)) >>> (bit & 7) & 1) === 1; }
  put(map: Ptr, bit: number, isSet: boolean): void {
    const at = map + Math.floor(bit / 8);
    const mask = 1 << (bit & 7);
    const byte = this.ram.readU8(at);
    this.ram.writeU8(at, isSet ? byte | mask : byte & ~mask);
  }

  /** First bit in [start, end) of the words that `word(i)` gives, or `end`. */
  find(start: number, end: number, word: (index: number) => number): number {
    for (let i = start >>> 5; i * 32 < end; i++) {
      let bits = word(i);
      if (i === start >>> 5) bits &= -1 << (start & 31);
      if (bits === 0) continue;
      return Math.min(end, i * 32 + 31 - Math.clz32(bits & -bits));
    }
    return end;
  }
  /** The words of a map, for find(). */
  words(map: Ptr): (index: number) => number {
    const { ram } = this;
    return (index) => ram.readU32(map + index * 4) | 0;
  }
  findSet(map: Ptr, start: number, end: number): number { return start >= end ? end : this.find(start, end, this.words(map)); }
  findClear(map: Ptr, start: number, end: number): number {
    const word = this.words(map);
    return start >= end ? end : this.find(start, end, (i) => ~word(i));
  }
  findLast(map: Ptr, end: number): number {
    for (let i = Math.ceil(end / 32) - 1; i >= 0; i--) {
      const bits = this.ram.readU32(map + i * 4) & (i * 32 + 32 > end ? (1 << (end & 31)) - 1 : -1);
      if (bits !== 0) return i * 32 + 31 - Math.clz32(bits);
    }
    return end;
  }
  /** Set bits below `end`. */
  *each(map: Ptr, end: number): Iterable<number> {
    for (let bit = this.findSet(map, 0, end); bit < end; bit = this.findSet(map, bit + 1, end)) yield bit;
  }
  weight(map: Ptr, end: number): number {
    let n = 0;
    for (let i = 0; i * 32 < end; i++) n += popcount(this.ram.readU32(map + i * 4) & this.maskFor(i, end));
    return n;
  }
  /** The bits of 32-bit word `i` that lie below `end`. */
  maskFor(i: number, end: number): number { return i * 32 + 32 <= end ? -1 : (1 << (end & 31)) - 1; }

  setRange(map: Ptr, start: number, length: number, isSet: boolean): void {
    let bit = start;
    const end = start + length;
    for (; bit < end && (bit & 7) !== 0; bit++) this.put(map, bit, isSet);
    const bytes = Math.floor((end - bit) / 8);
    if (bytes > 0) this.ram.fill(map + bit / 8, bytes, isSet ? 0xff : 0);
    for (bit += bytes * 8; bit < end; bit++) this.put(map, bit, isSet);
  }
  /** dest = a op b over whole 64-bit words; true when a bit below `end` is set in the result. */
  combine(dest: Ptr, a: Ptr, b: Ptr, end: number, op: (x: number, y: number) => number): boolean {
    let any = 0;
    for (let i = 0, n = wordsFor(end) * 2; i < n; i++) {
      const value = op(this.ram.readU32(a + i * 4), this.ram.readU32(b + i * 4));
      this.ram.writeU32(dest + i * 4, value);
      if (i * 32 < end) any |= value & this.maskFor(i, end);
    }
    return any !== 0;
  }
  /** Whether any bit below `end` is set in a op b. */
  anyOf(a: Ptr, b: Ptr, end: number, op: (x: number, y: number) => number): boolean {
    for (let i = 0; i * 32 < end; i++) {
      if ((op(this.ram.readU32(a + i * 4), this.ram.readU32(b + i * 4)) & this.maskFor(i, end)) !== 0) return true;
    }
    return false;
  }

  toBig(map: Ptr, end: number): bigint {
    let value = 0n;
    for (let i = wordsFor(end) - 1; i >= 0; i--) value = (value << 64n) | this.ram.readU64(map + i * 8);
    return BigInt.asUintN(end, value);
  }
  fromBig(map: Ptr, end: number, value: bigint): void {
    const bits = BigInt.asUintN(end, value);
    for (let i = 0; i < wordsFor(end); i++) this.ram.writeU64(map + i * 8, bits >> BigInt(i * 64));
  }
}

export function popcount(word: number): number {
  let n = word - ((word >>> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >>> 2) & 0x3333_3333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
