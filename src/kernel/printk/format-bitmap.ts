// %*pb and %*pbl: bitmaps as words of hexadecimal digits, or as a list of ranges. The width is the number of bits.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Spec } from './format-spec.ts';

/** 32 bits a group, the highest first; the first group has as many digits as its bits need. */
export function formatBitmap(ram: Ram, bitmap: Ptr, spec: Spec): string {
  const groups: string[] = [];
  for (let left = Math.max(spec.width, 0), at = bitmap; left > 0; left -= 32, at += 4) {
    const bits = Math.min(left, 32);
    const value = bits === 32 ? ram.readU32(at) : ram.readU32(at) & (2 ** bits - 1);
    groups.unshift((value >>> 0).toString(16).padStart(Math.ceil(bits / 4), '0'));
  }
  return groups.join(',');
}

/** `0-3,8,64-66`; nothing for an empty map. */
export function formatBitmapList(ram: Ram, bitmap: Ptr, spec: Spec): string {
  const ranges: string[] = [];
  const isSet = (bit: number): boolean => ((ram.readU8(bitmap + (bit >> 3)) >> (bit & 7)) & 1) !== 0;
  for (let bit = 0; bit < spec.width; bit++) {
    if (!isSet(bit)) continue;
    const first = bit;
    while (bit + 1 < spec.width && isSet(bit + 1)) bit++;
    ranges.push(first === bit ? `${first}` : `${first}-${bit}`);
  }
  return ranges.join(',');
}
