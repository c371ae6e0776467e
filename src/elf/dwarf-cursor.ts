// Reads DWARF data in order. Reading past the end throws DwarfEnd, which never leaves the DWARF reader.

import { latin1z } from '../base/latin1.ts';

/** The data ends in the middle of something, or is no DWARF. */
export class DwarfEnd extends Error {}

export class DwarfCursor {
  at: number;
  end: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  #take(size: number): number {
    const { at } = this;
    if (!(size >= 0 && at + size <= this.end)) throw new DwarfEnd('truncated');
    this.at = at + size;
    return at;
  }
  skip(size: number): void { this.#take(size); }
  u8(): number { return this.#view.getUint8(this.#take(1)); }
  i8(): number { return this.#view.getInt8(this.#take(1)); }
  u16(): number { return this.#view.getUint16(this.#take(2), true); }
  u32(): number { return this.#view.getUint32(this.#take(4), true); }
  /** Rounded beyond 2^53. */
  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at + 4, true) * 4294967296 + this.#view.getUint32(at, true);
  }
  unsigned(size: number): number {
    switch (size) {
      case 1: return this.u8();
      case 2: return this.u16();
      case 4: return this.u32();
      case 8: return this.u64();
      default: throw new DwarfEnd(`an integer of ${size} bytes`);
    }
  }
  /** An offset into another section: 4 or 8 bytes, as the unit says. */
  offset(is64: boolean): number { return is64 ? this.u64() : this.u32(); }

  uleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 63) throw new DwarfEnd('endless LEB128');
    }
  }
  sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return byte & 0x40 ? value - scale : value;
      if (scale > 2 ** 70) throw new DwarfEnd('endless LEB128');
    }
  }
  string(): string {
    const end = this.#bytes.indexOf(0, this.at);
    if (end < 0 || end >= this.end) throw new DwarfEnd('unterminated string');
    const text = latin1z(this.#bytes, this.at, end);
    this.at = end + 1;
    return text;
  }
}
