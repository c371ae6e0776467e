// Growable byte buffer with the number formats of the WebAssembly binary format (spec 5.2): LEB128, names, vectors.

const utf8 = new TextEncoder();

export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  constructor(capacity = 256) { this.bytes = new Uint8Array(capacity); }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, needed));
    larger.set(this.bytes);
    this.bytes = larger;
  }
  u8(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }
  /** Unsigned LEB128 of 0 .. 2^32-1. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.u8(rest);
  }
  /** Signed LEB128 of an int32. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.u8(rest & 0x7f);
  }
  /** Signed LEB128 of a 64-bit value, wrapped to its low 64 bits. */
  s64(value: number | bigint): void {
    if (typeof value === 'number') {
      if (value === (value | 0)) {
        this.s32(value);
        return;
      }
      // Seven bits at a time; exact for every safe integer, and floor keeps the sign.
      if (Number.isSafeInteger(value)) {
        let rest = value;
        while (rest < -64 || rest > 63) {
          const low = rest - Math.floor(rest / 128) * 128;
          this.u8(low | 0x80);
          rest = Math.floor(rest / 128);
        }
        this.u8(rest & 0x7f);
        return;
      }
    }
    let rest = BigInt.asIntN(64, BigInt(value));
    while (rest < -64n || rest > 63n) {
      this.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.u8(Number(rest & 0x7fn));
  }
  name(text: string): void {
    const encoded = utf8.encode(text);
    this.u32(encoded.length);
    this.append(encoded);
  }
  append(data: Uint8Array): void {
    this.reserve(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
  }
  /** Appends another writer's content behind its length. */
  sized(content: ByteWriter): void {
    this.u32(content.length);
    this.append(content.view());
  }
  /** What was written so far, not copied. */
  view(): Uint8Array<ArrayBuffer> { return this.bytes.subarray(0, this.length); }
}
