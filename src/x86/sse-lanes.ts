// Packed integer SSE instructions: what happens in each lane. A 128-bit value is sixteen bytes in a DataView; `a` is the old
// destination, `b` the source, both copies, so results can be written as they come.

import { lazy } from './lazy.ts';

/** Writes the result of one instruction into `d`. */
export type Lanes = (d: DataView, a: DataView, b: DataView, immediate: number) => void;

const clamp = (low: number, high: number) => (value: number): number => Math.max(low, Math.min(high, value));
const signedByte = clamp(-128, 127), signedWord = clamp(-32768, 32767), byte = clamp(0, 255), word = clamp(0, 65535);

const bytes = (f: (a: number, b: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i++) d.setUint8(i, f(a.getUint8(i), b.getUint8(i)));
};
const signedBytes = (f: (a: number, b: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i++) d.setInt8(i, f(a.getInt8(i), b.getInt8(i)));
};
const words = (f: (a: number, b: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i += 2) d.setUint16(i, f(a.getUint16(i, true), b.getUint16(i, true)), true);
};
const signedWords = (f: (a: number, b: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i += 2) d.setInt16(i, f(a.getInt16(i, true), b.getInt16(i, true)), true);
};
const dwords = (f: (a: number, b: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i += 4) d.setUint32(i, f(a.getUint32(i, true), b.getUint32(i, true)), true);
};
const signedDwords = (f: (a: number, b: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i += 4) d.setInt32(i, f(a.getInt32(i, true), b.getInt32(i, true)), true);
};
const qwords = (f: (a: bigint, b: bigint) => bigint): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i += 8) d.setBigUint64(i, BigInt.asUintN(64, f(a.getBigUint64(i, true), b.getBigUint64(i, true))), true);
};
const signedQwords = (f: (a: bigint, b: bigint) => bigint): Lanes => (d, a, b) => {
  for (let i = 0; i < 16; i += 8) d.setBigInt64(i, f(a.getBigInt64(i, true), b.getBigInt64(i, true)), true);
};

/** Shifts by a count that fills half a register, or by an immediate. */
const shiftWords = (f: (value: number, count: number) => number, limit: number): Lanes => (d, a, b) => {
  const count = Number(min64(b.getBigUint64(0, true), BigInt(limit)));
  for (let i = 0; i < 16; i += 2) d.setUint16(i, f(a.getInt16(i, true), count), true);
};
const shiftDwords = (f: (value: number, count: number) => number, limit: number): Lanes => (d, a, b) => {
  const count = Number(min64(b.getBigUint64(0, true), BigInt(limit)));
  for (let i = 0; i < 16; i += 4) d.setInt32(i, f(a.getInt32(i, true), count), true);
};
const shiftQwords = (f: (value: bigint, count: bigint) => bigint): Lanes => (d, a, b) => {
  const count = min64(b.getBigUint64(0, true), 64n);
  for (let i = 0; i < 16; i += 8) d.setBigUint64(i, BigInt.asUintN(64, f(a.getBigUint64(i, true), count)), true);
};
const min64 = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Interleaves the low (high) halves of both operands. */
const unpack = (size: number, isHigh: boolean): Lanes => (d, a, b) => {
  const from = isHigh ? 8 : 0;
  for (let i = 0; i < 8 / size; i++) {
    for (let k = 0; k < size; k++) {
      d.setUint8(2 * i * size + k, a.getUint8(from + i * size + k));
      d.setUint8((2 * i + 1) * size + k, b.getUint8(from + i * size + k));
    }
  }
};
const packWords = (limit: (value: number) => number): Lanes => (d, a, b) => {
  for (let i = 0; i < 8; i++) {
    d.setUint8(i, limit(a.getInt16(2 * i, true)));
    d.setUint8(8 + i, limit(b.getInt16(2 * i, true)));
  }
};
const packDwords: Lanes = (d, a, b) => {
  for (let i = 0; i < 4; i++) {
    d.setInt16(2 * i, signedWord(a.getInt32(4 * i, true)), true);
    d.setInt16(8 + 2 * i, signedWord(b.getInt32(4 * i, true)), true);
  }
};
/** Selects four words of the half at `from`, and takes the other half as it is. */
const shuffleWords = (from: number): Lanes => (d, _a, b, immediate) => {
  d.setBigUint64(8 - from, b.getBigUint64(8 - from, true), true);
  for (let i = 0; i < 4; i++) d.setUint16(from + 2 * i, b.getUint16(from + 2 * (immediate >> 2 * i & 3), true), true);
};
/** Bytes `count`.. of the 32 that `low` and `high` make; zeros beyond. */
const window = (d: DataView, low: DataView | undefined, high: DataView | undefined, count: number): void => {
  for (let i = 0; i < 16; i++) {
    const at = i + count;
    d.setUint8(i, at >= 0 && at < 16 ? (low?.getUint8(at) ?? 0) : at >= 16 && at < 32 ? (high?.getUint8(at - 16) ?? 0) : 0);
  }
};

export const lanesByName = lazy((): Readonly<Record<string, Lanes>> => {
  const and = qwords((a, b) => a & b), andn = qwords((a, b) => ~a & b), or = qwords((a, b) => a | b), xor = qwords((a, b) => a ^ b);
  return {
    pand: and, pandn: andn, por: or, pxor: xor, andps: and, andpd: and, andnps: andn, andnpd: andn, orps: or, orpd: or, xorps: xor, xorpd: xor,
    paddb: bytes((a, b) => a + b), paddw: words((a, b) => a + b), paddd: dwords((a, b) => a + b), paddq: qwords((a, b) => a + b),
    psubb: bytes((a, b) => a - b), psubw: words((a, b) => a - b), psubd: dwords((a, b) => a - b), psubq: qwords((a, b) => a - b),
    paddusb: bytes((a, b) => byte(a + b)), paddusw: words((a, b) => word(a + b)), psubusb: bytes((a, b) => byte(a - b)), psubusw: words((a, b) => word(a - b)),
    paddsb: signedBytes((a, b) => signedByte(a + b)), paddsw: signedWords((a, b) => signedWord(a + b)),
    psubsb: signedBytes((a, b) => signedByte(a - b)), psubsw: signedWords((a, b) => signedWord(a - b)),
    pavgb: bytes((a, b) => a + b + 1 >> 1), pavgw: words((a, b) => a + b + 1 >> 1),
    pminub: bytes(Math.min), pmaxub: bytes(Math.max), pminsw: signedWords(Math.min), pmaxsw: signedWords(Math.max),
    pminsb: signedBytes(Math.min), pmaxsb: signedBytes(Math.max), pminuw: words(Math.min), pmaxuw: words(Math.max),
    pminsd: signedDwords(Math.min), pmaxsd: signedDwords(Math.max), pminud: dwords(Math.min), pmaxud: dwords(Math.max),
    pcmpeqb: bytes((a, b) => (a === b ? 255 : 0)), pcmpeqw: words((a, b) => (a === b ? 65535 : 0)), pcmpeqd: dwords((a, b) => (a === b ? -1 : 0)),
    pcmpeqq: qwords((a, b) => (a === b ? -1n : 0n)),
    pcmpgtb: signedBytes((a, b) => (a > b ? -1 : 0)), pcmpgtw: signedWords((a, b) => (a > b ? -1 : 0)), pcmpgtd: signedDwords((a, b) => (a > b ? -1 : 0)),
    pcmpgtq: signedQwords((a, b) => (a > b ? -1n : 0n)),
    pabsb: signedBytes((_a, b) => Math.abs(b)), pabsw: signedWords((_a, b) => Math.abs(b)), pabsd: signedDwords((_a, b) => Math.abs(b)),
    pmullw: words((a, b) => Math.imul(a, b)), pmulld: dwords((a, b) => Math.imul(a, b)),
    pmulhw: signedWords((a, b) => a * b >> 16), pmulhuw: words((a, b) => Math.imul(a, b) >>> 16),
    pmuludq: qwords((a, b) => (a & 0xffffffffn) * (b & 0xffffffffn)),
    pmaddwd: (d, a, b) => {
      for (let i = 0; i < 16; i += 4) d.setInt32(i, a.getInt16(i, true) * b.getInt16(i, true) + a.getInt16(i + 2, true) * b.getInt16(i + 2, true), true);
    },
    psadbw: (d, a, b) => {
      for (let half = 0; half < 16; half += 8) {
        let sum = 0;
        for (let i = 0; i < 8; i++) sum += Math.abs(a.getUint8(half + i) - b.getUint8(half + i));
        d.setBigUint64(half, BigInt(sum), true);
      }
    },
    psllw: shiftWords((v, n) => (n > 15 ? 0 : v << n), 16), psrlw: shiftWords((v, n) => (n > 15 ? 0 : (v & 0xffff) >> n), 16), psraw: shiftWords((v, n) => v >> n, 15),
    pslld: shiftDwords((v, n) => (n > 31 ? 0 : v << n), 32), psrld: shiftDwords((v, n) => (n > 31 ? 0 : v >>> n), 32), psrad: shiftDwords((v, n) => v >> n, 31),
    psllq: shiftQwords((v, n) => v << n), psrlq: shiftQwords((v, n) => v >> n),
    pslldq: (d, a, _b, n) => window(d, undefined, a, 16 - Math.min(n, 16)), psrldq: (d, a, _b, n) => window(d, a, undefined, n),
    palignr: (d, a, b, n) => window(d, b, a, n),
    punpcklbw: unpack(1, false), punpcklwd: unpack(2, false), punpckldq: unpack(4, false), punpcklqdq: unpack(8, false),
    punpckhbw: unpack(1, true), punpckhwd: unpack(2, true), punpckhdq: unpack(4, true), punpckhqdq: unpack(8, true),
    packsswb: packWords(signedByte), packuswb: packWords(byte), packssdw: packDwords,
    pshufb: (d, a, b) => {
      for (let i = 0; i < 16; i++) d.setUint8(i, b.getInt8(i) < 0 ? 0 : a.getUint8(b.getUint8(i) & 15));
    },
    pshufd: (d, _a, b, immediate) => {
      for (let i = 0; i < 4; i++) d.setUint32(4 * i, b.getUint32(4 * (immediate >> 2 * i & 3), true), true);
    },
    pshuflw: shuffleWords(0), pshufhw: shuffleWords(8),
    unpcklps: unpack(4, false), unpckhps: unpack(4, true), unpcklpd: unpack(8, false), unpckhpd: unpack(8, true),
    shufps: (d, a, b, immediate) => {
      for (let i = 0; i < 4; i++) d.setUint32(4 * i, (i < 2 ? a : b).getUint32(4 * (immediate >> 2 * i & 3), true), true);
    },
    shufpd: (d, a, b, immediate) => {
      d.setBigUint64(0, a.getBigUint64((immediate & 1) * 8, true), true);
      d.setBigUint64(8, b.getBigUint64((immediate >> 1 & 1) * 8, true), true);
    },
    movsldup: (d, _a, b) => {
      for (let i = 0; i < 4; i++) d.setUint32(4 * i, b.getUint32(4 * (i & 2), true), true);
    },
    movshdup: (d, _a, b) => {
      for (let i = 0; i < 4; i++) d.setUint32(4 * i, b.getUint32(4 * (i | 1), true), true);
    },
    movddup: (d, _a, b) => {
      for (let i = 0; i < 16; i += 8) d.setBigUint64(i, b.getBigUint64(0, true), true);
    },
  };
});
