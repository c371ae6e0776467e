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
    for (let i = 0; i < 8; i++) crc = crc >= top ? ((crc * 2) % (top * 2)) ^ polynomial : crc * 2;
    return crc >>> 0;
  });
}

const CRC32_REFLECTED = 0xedb8_8320, CRC32_FORWARD = 0x04c1_1db7, CCITT_REFLECTED = 0x8408, CCITT_FORWARD = 0x1021;

/** Tables are made at their first use: most runs need none. */
const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => made ??= make();
};

function crc32Exports(ram: Ram): ExportTable {
  const littleTable = once(() => reflectedTable(CRC32_REFLECTED));
  const bigTable = once(() => forwardTable(CRC32_FORWARD, 32));
  const le = (seed: number, at: Ptr, length: number): number => {
    const little = littleTable();
    let crc = seed;
    const bytes = length === 0 ? [] : ram.bytes(at, length);
    for (const byte of bytes) crc = (crc >>> 8) ^ little[(crc ^ byte) & 0xff]!;
    return crc >>> 0;
  };
  return {
    crc32_le: fn('crc32_le', le),
    crc32_be: fn('crc32_be', (seed: number, at: Ptr, length: number) => {
      const big = bigTable();
      let crc = seed;
      const bytes = length === 0 ? [] : ram.bytes(at, length);
      for (const byte of bytes) crc = (crc << 8) ^ big[((crc >>> 24) ^ byte) & 0xff]!;
      return crc >>> 0;
    }),
    /** The CRC after `length` zero bytes. */
    crc32_le_shift: fn('crc32_le_shift', (seed: number, length: number) => {
      const little = littleTable();
      let crc = seed;
      for (let i = 0; i < length; i++) crc = (crc >>> 8) ^ little[crc & 0xff]!;
      return crc >>> 0;
    }),
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
  return {
    csum_partial: fn('csum_partial', partial),
    csum_partial_copy_nocheck: fn('csum_partial_copy_nocheck', (src: Ptr, dest: Ptr, length: number) => {
      if (length > 0) ram.copy(dest, src, length);
      return partial(dest, length, 0);
    }),
  };
}

const MASK = 0xffff_ffff_ffff_ffffn;
const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (64n - k))) & MASK;

/** SipHash-2-4 (Aumasson and Bernstein). */
class SipHash {
  #v: [bigint, bigint, bigint, bigint];
  constructor(k0: bigint, k1: bigint) {
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
    this.#rounds(2);
    this.#v[0] ^= m;
  }
  finish(last: bigint): bigint {
    this.word(last);
    this.#v[2] ^= 0xffn;
    this.#rounds(4);
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
    siphash_1u64: fn('siphash_1u64', (a: bigint, key: Ptr) => words(key, [a], 0n, 8)),
    siphash_2u64: fn('siphash_2u64', (a: bigint, b: bigint, key: Ptr) => words(key, [a, b], 0n, 16)),
    siphash_3u64: fn('siphash_3u64', (a: bigint, b: bigint, c: bigint, key: Ptr) => words(key, [a, b, c], 0n, 24)),
    siphash_4u64: fn('siphash_4u64', (a: bigint, b: bigint, c: bigint, d: bigint, key: Ptr) => words(key, [a, b, c, d], 0n, 32)),
    siphash_1u32: fn('siphash_1u32', (a: number, key: Ptr) => words(key, [], BigInt(a >>> 0), 4)),
    siphash_3u32: fn('siphash_3u32', (a: number, b: number, c: number, key: Ptr) => words(key, [(BigInt(b >>> 0) << 32n) | BigInt(a >>> 0)], BigInt(c >>> 0), 12)),
  };
}
