// What an XArray slot may hold (include/linux/xarray.h): a pointer (low bits 00), a value (bit 0), or an internal entry (bits
// 10): a node, a reference to a sibling slot, a marker, an error. Entries are signed words; those beyond 2^53 are bigints,
// which only values can be.

import type { Ptr } from '../../../base/ptr.ts';
import type { Ram } from '../../../base/ram.ts';
import type { Registers } from '../../../cpu/api.ts';

export type Entry = number | bigint;

const internal = (n: number): number => n * 4 + 2;
/** "Look again": left by a reader's race, never stored here. */
export const RETRY_ENTRY = internal(256);
/** Reserved: reads as NULL through the plain interface. */
export const ZERO_ENTRY = internal(257);
/** XA_ERROR() of a negative errno. */
export const errorEntry = (negativeErrno: number): number => internal(negativeErrno);

export const isNode = (entry: Entry): boolean => typeof entry === 'number' && (entry & 3) === 2 && entry < -16384;
export const isSibling = (entry: Entry): boolean => typeof entry === 'number' && (entry & 3) === 2 && entry >= 0 && entry < internal(64);
export const isValue = (entry: Entry): boolean => typeof entry === 'bigint' ? (entry & 1n) === 1n : (entry & 1) === 1;
export const isInternal = (entry: Entry): boolean => typeof entry === 'number' && (entry & 3) === 2;
export const nodeOf = (entry: Entry): Ptr<'xa_node'> => (entry as number) - 2;
export const nodeEntry = (node: Ptr): number => node + 2;
export const siblingEntry = (offset: number): number => internal(offset);
export const siblingOffset = (entry: Entry): number => (entry as number) >> 2;

export function readEntry(ram: Ram, at: Ptr): Entry {
  const entry = ram.readPtr(at);
  return Number.isSafeInteger(entry) ? entry : ram.readI64(at);
}
export function writeEntry(ram: Ram, at: Ptr, entry: Entry): void {
  if (typeof entry === 'bigint') ram.writeU64(at, entry);
  else ram.writePtr(at, entry);
}
/** A word argument with all its bits. */
export function entryArgument(regs: Registers, reg: number): Entry {
  const entry = regs.get(reg);
  return Number.isSafeInteger(entry) ? entry : regs.getBig(reg);
}

/** A 64-bit index as two unsigned halves: pointers serve as indices too, and numbers would round them. */
export interface Index { readonly hi: number; readonly lo: number }
export const ZERO: Index = { hi: 0, lo: 0 };
export const MAX_INDEX: Index = { hi: 0xffff_ffff, lo: 0xffff_ffff };

export function indexArgument(regs: Registers, reg: number): Index {
  const n = regs.get(reg);
  if (n >= 0 && n <= 0xffff_ffff) return { hi: 0, lo: n };
  return indexOf(regs.getBig(reg));
}
export const indexOf = (n: bigint): Index => ({ hi: Number(BigInt.asUintN(32, n >> 32n)), lo: Number(BigInt.asUintN(32, n)) });
export const readIndex = (ram: Ram, at: Ptr): Index => ({ hi: ram.readU32(at + 4), lo: ram.readU32(at) });
export function writeIndex(ram: Ram, at: Ptr, { hi, lo }: Index): void {
  ram.writeU32(at, lo);
  ram.writeU32(at + 4, hi);
}
export const toBig = ({ hi, lo }: Index): bigint => (BigInt(hi) << 32n) | BigInt(lo);
export const isAbove = (a: Index, b: Index): boolean => a.hi !== b.hi ? a.hi > b.hi : a.lo > b.lo;

/** The six bits of the index that choose a slot in a node of this shift. */
export function slotOf({ hi, lo }: Index, shift: number): number {
  if (shift < 30) return (lo >>> shift) & 63;
  if (shift === 30) return ((lo >>> 30) | (hi << 2)) & 63;
  return (hi >>> (shift - 32)) & 63;
}
/** True when the index does not fit below a node of this shift. */
export function isBeyond({ hi, lo }: Index, shift: number): boolean {
  const bits = shift + 6;
  if (bits >= 64) return false;
  if (bits > 32) return hi >>> (bits - 32) !== 0;
  return hi !== 0 || (bits < 32 && lo >>> bits !== 0);
}
/** The first index of the slot `slot` of a node with this shift that `index` lies below. */
export function atSlot({ hi, lo }: Index, shift: number, slot: number): Index {
  const low = (64n << BigInt(shift)) - 1n;
  if (shift <= 24) return { hi, lo: ((lo & ~Number(low)) | (slot << shift)) >>> 0 };
  return indexOf((toBig({ hi, lo }) & ~low) | (BigInt(slot) << BigInt(shift)));
}
/** The next index, undefined behind the last. */
export const successor = ({ hi, lo }: Index): Index | undefined =>
  lo !== 0xffff_ffff ? { hi, lo: lo + 1 } : hi !== 0xffff_ffff ? { hi: hi + 1, lo: 0 } : undefined;
