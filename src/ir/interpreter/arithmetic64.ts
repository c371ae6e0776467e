// 64-bit arithmetic on i32 halves: each function returns the low half and leaves the high one in `m.hi`. What is rare in kernel
// code (division, products of more than 64 bits) goes through bigint.

import type { Machine } from './machine.ts';

const big = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) | BigInt(lo >>> 0);
const unsignedBig = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
const fromBig = (m: Machine, value: bigint): number => {
  m.hi = Number(BigInt.asIntN(32, value >> 32n));
  return Number(BigInt.asIntN(32, value));
};

/** Upper half of an unsigned 32x32 product. */
const mulHigh32 = (a: number, b: number): number => {
  const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const low = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(low / 65536)) | 0;
};

export function mul64(m: Machine, al: number, ah: number, bl: number, bh: number): number {
  m.hi = (mulHigh32(al, bl) + Math.imul(ah, bl) + Math.imul(al, bh)) | 0;
  return Math.imul(al, bl);
}

export function shl64(m: Machine, lo: number, hi: number, count: number): number {
  const n = count & 63;
  if (n === 0) {
    m.hi = hi;
    return lo;
  }
  if (n >= 32) {
    m.hi = lo << (n - 32);
    return 0;
  }
  m.hi = (hi << n) | (lo >>> (32 - n));
  return lo << n;
}
export function shrU64(m: Machine, lo: number, hi: number, count: number): number {
  const n = count & 63;
  if (n === 0) {
    m.hi = hi;
    return lo;
  }
  if (n >= 32) {
    m.hi = 0;
    return (hi >>> (n - 32)) | 0;
  }
  m.hi = (hi >>> n) | 0;
  return (lo >>> n) | (hi << (32 - n));
}
export function shrS64(m: Machine, lo: number, hi: number, count: number): number {
  const n = count & 63;
  if (n === 0) {
    m.hi = hi;
    return lo;
  }
  if (n >= 32) {
    m.hi = hi >> 31;
    return hi >> (n - 32);
  }
  m.hi = hi >> n;
  return (lo >>> n) | (hi << (32 - n));
}
export function rotl64(m: Machine, lo: number, hi: number, count: number): number {
  const n = count & 63;
  const l = n & 32 ? hi : lo;
  const h = n & 32 ? lo : hi;
  const k = n & 31;
  if (k === 0) {
    m.hi = h;
    return l;
  }
  m.hi = (h << k) | (l >>> (32 - k));
  return (l << k) | (h >>> (32 - k));
}

export function divU64(m: Machine, al: number, ah: number, bl: number, bh: number): number {
  if (ah === 0 && bh === 0) {
    m.hi = 0;
    return ((al >>> 0) / (bl >>> 0)) | 0;
  }
  return fromBig(m, unsignedBig(al, ah) / unsignedBig(bl, bh));
}
export function remU64(m: Machine, al: number, ah: number, bl: number, bh: number): number {
  if (ah === 0 && bh === 0) {
    m.hi = 0;
    return ((al >>> 0) % (bl >>> 0)) | 0;
  }
  return fromBig(m, unsignedBig(al, ah) % unsignedBig(bl, bh));
}
export const divS64 = (m: Machine, al: number, ah: number, bl: number, bh: number): number => fromBig(m, big(al, ah) / big(bl, bh));
export const remS64 = (m: Machine, al: number, ah: number, bl: number, bh: number): number => fromBig(m, big(al, ah) % big(bl, bh));
export const mulHighU64 = (m: Machine, al: number, ah: number, bl: number, bh: number): number => fromBig(m, (unsignedBig(al, ah) * unsignedBig(bl, bh)) >> 64n);
export const mulHighS64 = (m: Machine, al: number, ah: number, bl: number, bh: number): number => fromBig(m, (big(al, ah) * big(bl, bh)) >> 64n);

export const ltU64 = (al: number, ah: number, bl: number, bh: number): boolean => (ah === bh ? (al >>> 0) < (bl >>> 0) : (ah >>> 0) < (bh >>> 0));
export const ltS64 = (al: number, ah: number, bl: number, bh: number): boolean => (ah === bh ? (al >>> 0) < (bl >>> 0) : ah < bh);

export const ctz32 = (v: number): number => (v === 0 ? 32 : 31 - Math.clz32(v & -v));
export const popcnt32 = (v: number): number => {
  let x = v - ((v >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};
