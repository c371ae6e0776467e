// Appends the number forms of the ABI file (format.ts) to a growing buffer.

export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  length = 0;

  u8(value: number): this {
    if (this.length === this.#bytes.length) this.#grow(this.length + 1);
    this.#bytes[this.length++] = value;
    return this;
  }
  u16(value: number): this { return this.u8(value & 0xff).u8(value >>> 8); }
  u24(value: number): this { return this.u8(value & 0xff).u8((value >>> 8) & 0xff).u8(value >>> 16); }
  u32(value: number): this { return this.u24(value & 0xff_ffff).u8(value >>> 24); }
  varint(value: number): this {
    while (value >= 128) {
      this.u8((value % 128) | 0x80);
      value = Math.floor(value / 128);
    }
    return this.u8(value);
  }
  zigzag(value: number | bigint): this {
    const big = BigInt(value);
    let rest = big < 0n ? (-big - 1n) * 2n + 1n : big * 2n;
    for (; rest >= 128n; rest >>= 7n) this.u8(Number(rest & 0x7fn) | 0x80);
    return this.u8(Number(rest));
  }
  raw(bytes: Uint8Array): this {
    this.#grow(this.length + bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }
  /** Latin-1 text, without a terminator. */
  text(text: string): this {
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
    return this;
  }
  take(): Uint8Array<ArrayBuffer> { return this.#bytes.slice(0, this.length); }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
