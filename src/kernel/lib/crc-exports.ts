// Cyclic redundancy checks, internet checksums, hashes that vmlinux exports. Linux: lib/crc32.c, lib/crc-ccitt.c, lib/siphash.c,
// arch/x86/lib/csum-partial_64.c. Polynomials are those of the standards; tables are made at start.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { data, type ExportTable, fn } from '../exports/define.ts';

export function crcExports(ram: Ram): ExportTable {
  return { ...crc32Exports(ram), ...ccittExports(ram), ...checksumExports(ram), ...siphashExports(ram) };
}

/** Table of a CRC that takes the lowest bit first. */
function reflectedTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
}
/** Table of a CRC of `width` bits that takes the highest bit first. */
function forwardTable(polynomial: number, width: 16 | 32): Uint32Array {
  const top = 2 ** (width - 1);
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte * 2 ** (width - 8);
    for (let i = 0; i < 8; i++) crc = (crc >= top ? ((crc * 2) % (top * 2)) ^ polynomial : crc * 2) >>> 0;
    return crc;
  });
}

/** CRC-32C (Castagnoli), lowest bit first. */
const CRC32C_REFLECTED = 0x82f6_3b78;
const CRC32_REFLECTED = 0xedb8_8320, CRC32_FORWARD = 0x04c1_1db7, CCITT_REFLECTED = 0x8408, CCITT_FORWARD = 0x1021;

/** Tables are made at their first use: most runs need none. */
const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => made ??= make();
};

function crc32Exports(ram: Ram): ExportTable {
  const littleTable = once(() => reflectedTable(CRC32_REFLECTED));
  const castagnoliTable = once(() => reflectedTable(CRC32C_REFLECTED));
  const bigTable = once(() => forwardTable(CRC32_FORWARD, 32));
  const reflected = (table: () => Uint32Array) => (seed: number, at: Ptr, length: number): number => {
    const values = table();
    let crc = seed;
    const bytes = length === 0 ? [] : ram.bytes(at, length);
    for (const byte of bytes) crc = (crc >>> 8) ^ values[(crc ^ byte) & 0xff]!;
    return crc >>> 0;
  };
  /** The CRC after `length` zero bytes. */
  const shift = (table: () => Uint32Array) => (seed: number, length: number): number => {
    const values = table();
    let crc = seed;
    for (let i = 0; i < length; i++) crc = (crc >>> 8) ^ values[crc & 0xff]!;
    return crc >>> 0;
  };
  return {
    crc32_le: fn('crc32_le', reflected(littleTable)),
    __crc32c_le: fn('__crc32c_le', reflected(castagnoliTable)),
    crc32_be: fn('crc32_be', (seed: number, at: Ptr, length: number) => {
      const big = bigTable();
      let crc = seed;
      const bytes = length === 0 ? [] : ram.bytes(at, length);
      for (const byte of bytes) crc = (crc << 8) ^ big[((crc >>> 24) ^ byte) & 0xff]!;
      return crc >>> 0;
    }),
    crc32_le_shift: fn('crc32_le_shift', shift(littleTable)),
    __crc32c_le_shift: fn('__crc32c_le_shift', shift(castagnoliTable)),
  };
}

function ccittExports(ram: Ram): ExportTable {
  const reflected = once(() => reflectedTable(CCITT_REFLECTED));
  const forward = once(() => forwardTable(CCITT_FORWARD, 16));
  const table = (values: () => Uint32Array) => data(512, (at) => values().forEach((value, i) => { ram.writeU16(at + i * 2, value); }));
  const bytes = (at: Ptr, length: number): Iterable<number> => length === 0 ? [] : ram.bytes(at, length);
  return {
    crc_ccitt: fn('crc_ccitt', (seed: number, at: Ptr, length: number) => {
      let crc = seed;
      for (const byte of bytes(at, length)) crc = (crc >>> 8) ^ reflected()[(crc ^ byte) & 0xff]!;
      return crc;
    }),
    crc_ccitt_false: fn('crc_ccitt_false', (seed: number, at: Ptr, length: number) => {
      let crc = seed;
      for (const byte of bytes(at, length)) crc = ((crc << 8) & 0xffff) ^ forward()[(crc >> 8) ^ byte]!;
      return crc;
    }),
    crc_ccitt_table: table(reflected),
    crc_ccitt_false_table: table(forward),
    byte_rev_table: data(256, (at) => {
      for (let byte = 0; byte < 256; byte++) {
        let reversed = 0;
        for (let bit = 0; bit < 8; bit++) if ((byte >> bit & 1) === 1) reversed |= 0x80 >> bit;
        ram.writeU8(at + byte, reversed);
      }
    }, 1),
  };
}

/** RFC 1071: the ones' complement sum of 16-bit words, not folded; 32 bits with the carry added round. */
function checksumExports(ram: Ram): ExportTable {
  const fold32 = (sum: number): number => {
    let folded = sum;
    while (folded > 0xffff_ffff) folded = (folded % 0x1_0000_0000) + Math.floor(folded / 0x1_0000_0000);
    return folded;
  };
  const partial = (at: Ptr, length: number, seed: number): number => {
    let sum = 0;
    const whole = length & ~1;
    for (let i = 0; i < whole; i += 2) sum += ram.readU16(at + i);
    if ((length & 1) === 1) sum += ram.readU8(at + whole);
    return fold32(sum + seed);
  };
  /** Complement of the sum folded to 16 bits. */
  const folded = (sum: number): number => {
    let half = sum;
    while (half > 0xffff) half = (half & 0xffff) + Math.floor(half / 0x1_0000);
    return ~half & 0xffff;
  };
  return {
    ip_compute_csum: fn('ip_compute_csum', (at: Ptr, length: number) => folded(partial(at, length, 0))),
    // Sum over the pseudo header of RFC 8200: addresses, length and protocol in network order.
    csum_ipv6_magic: fn('csum_ipv6_magic', (source: Ptr, dest: Ptr, length: number, protocol: number, sum: number) => {
      const swap = (n: number): number => (((n & 0xff) << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
      return folded(fold32(partial(source, 16, 0) + partial(dest, 16, 0) + swap(length) + swap(protocol & 0xff) + sum));
    }),
    csum_partial: fn('csum_partial', partial),
    csum_partial_copy_nocheck: fn('csum_partial_copy_nocheck', (src: Ptr, dest: Ptr, length: number) => {
      if (length > 0) ram.copy(dest, src, length);
      return partial(dest, length, 0);
    }),
  };
}

const MASK = 0xffff_ffff_ffff_ffffn;
const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (64n - k))) & MASK;

/** SipHash (Aumasson and Bernstein): 2-4 by default, 1-3 as HalfSipHash's stand-in on 64-bit machines. */
class SipHash {
  #v: [bigint, bigint, bigint, bigint];
  readonly #compression: number;
  readonly #finalization: number;
  constructor(k0: bigint, k1: bigint, compression = 2, finalization = 4) {
    this.#compression = compression;
    this.#finalization = finalization;
    this.#v = [k0 ^ 0x736f_6d65_7073_6575n, k1 ^ 0x646f_7261_6e64_6f6dn, k0 ^ 0x6c79_6765_6e65_7261n, k1 ^ 0x7465_6462_7974_6573n];
  }
  #rounds(n: number): void {
    let [v0, v1, v2, v3] = this.#v;
    for (let i = 0; i < n; i++) {
      v0 = (v0 + v1) & MASK; v1 = rotl(v1, 13n) ^ v0; v0 = rotl(v0, 32n);
      v2 = (v2 + v3) & MASK; v3 = rotl(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK; v3 = rotl(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK; v1 = rotl(v1, 17n) ^ v2; v2 = rotl(v2, 32n);
    }
    this.#v = [v0, v1, v2, v3];
  }
  word(m: bigint): void {
    this.#v[3] ^= m;
    this.#rounds(this.#compression);
    this.#v[0] ^= m;
  }
  finish(last: bigint): bigint {
    this.word(last);
    this.#v[2] ^= 0xffn;
    this.#rounds(this.#finalization);
    return this.#v[0] ^ this.#v[1] ^ this.#v[2] ^ this.#v[3];
  }
}

function siphashExports(ram: Ram): ExportTable {
  const keyed = (key: Ptr): SipHash => new SipHash(ram.readU64(key), ram.readU64(key + 8));
  /** Hash of whole words, then a tail word that carries the length in its top byte. */
  const words = (key: Ptr, values: readonly bigint[], tail: bigint, length: number): bigint => {
    const hash = keyed(key);
    for (const value of values) hash.word(BigInt.asUintN(64, value));
    return hash.finish(BigInt.asUintN(64, tail) | (BigInt(length) << 56n));
  };
  return {
    __siphash_unaligned: fn('__siphash_unaligned', (at: Ptr, length: number, key: Ptr) => {
      const values: bigint[] = [];
      let offset = 0;
      for (; offset + 8 <= length; offset += 8) values.push(ram.readU64(at + offset));
      let tail = 0n;
      for (let i = length - 1; i >= offset; i--) tail = (tail << 8n) | BigInt(ram.readU8(at + i));
      return words(key, values, tail, length & 0xff);
    }),
    ...hsiphashExports(ram),
    siphash_1u64: fn('siphash_1u64', (a: bigint, key: Ptr) => words(key, [a], 0n, 8)),
    siphash_2u64: fn('siphash_2u64', (a: bigint, b: bigint, key: Ptr) => words(key, [a, b], 0n, 16)),
    siphash_3u64: fn('siphash_3u64', (a: bigint, b: bigint, c: bigint, key: Ptr) => words(key, [a, b, c], 0n, 24)),
    siphash_4u64: fn('siphash_4u64', (a: bigint, b: bigint, c: bigint, d: bigint, key: Ptr) => words(key, [a, b, c, d], 0n, 32)),
    siphash_1u32: fn('siphash_1u32', (a: number, key: Ptr) => words(key, [], BigInt(a >>> 0), 4)),
    siphash_3u32: fn('siphash_3u32', (a: number, b: number, c: number, key: Ptr) => words(key, [(BigInt(b >>> 0) << 32n) | BigInt(a >>> 0)], BigInt(c >>> 0), 12)),
  };
}

/** hsiphash: SipHash-1-3, cut to 32 bits. */
function hsiphashExports(ram: Ram): ExportTable {
  const hash = (key: Ptr, ...words: number[]): number => {
    const state = new SipHash(ram.readU64(key), ram.readU64(key + 8), 1, 3);
    for (let i = 0; i + 1 < words.length; i += 2) state.word((BigInt(words[i + 1]!) << 32n) | BigInt(words[i]!));
    const tail = words.length % 2 === 1 ? BigInt(words.at(-1)!) : 0n;
    return Number(state.finish(tail | (BigInt(words.length * 4) << 56n)) & 0xffff_ffffn);
  };
  return {
    hsiphash_1u32: fn('hsiphash_1u32', (a: number, key: Ptr) => hash(key, a)),
    hsiphash_2u32: fn('hsiphash_2u32', (a: number, b: number, key: Ptr) => hash(key, a, b)),
    hsiphash_3u32: fn('hsiphash_3u32', (a: number, b: number, c: number, key: Ptr) => hash(key, a, b, c)),
    hsiphash_4u32: fn('hsiphash_4u32', (a: number, b: number, c: number, d: number, key: Ptr) => hash(key, a, b, c, d)),
  };
}
