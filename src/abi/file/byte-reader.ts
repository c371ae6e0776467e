// Reads the number forms of the ABI file from a stretch of bytes. Running over its end is an AbiError.

import { AbiError } from '../abi.ts';

export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  u8(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw cutOff();
    return byte;
  }
  u16(): number { return this.u8() | (this.u8() << 8); }
  u24(): number {
    const { bytes, at } = this;
    const high = bytes[at + 2];
    if (high === undefined) throw cutOff();
    this.at = at + 3;
    return bytes[at]! | (bytes[at + 1]! << 8) | (high << 16);
  }
  u32(): number { return (this.u24() | (this.u8() << 24)) >>> 0; }
  varint(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let scale = 128; scale <= 2 ** 42; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new AbiError('ABI file: a number is too long');
  }
  /** A number where it is exact, a bigint beyond. */
  zigzag(): number | bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const signed = value & 1n ? -(value >> 1n) - 1n : value >> 1n;
      return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
    }
    throw new AbiError('ABI file: a number is too long');
  }
}

const cutOff = (): AbiError => new AbiError('ABI file: a record is cut off');
