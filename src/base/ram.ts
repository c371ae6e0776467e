// The machine's RAM: one WebAssembly.Memory that kernel, modules and (later) user pages share. All accessors take guest
// addresses and are little endian. An access outside RAM throws MemoryFault: inside an export that becomes the oops of the
// module that passed the pointer, never an exception of the host.

import { latin1 } from './latin1.ts';
import { KERNEL_BASE, type Ptr } from './ptr.ts';

/** A guest access that no RAM answers. `isWrite` tells which; `size` is in bytes. */
export class MemoryFault {
  readonly address: number;
  readonly size: number;
  readonly isWrite: boolean;
  constructor(address: number, size: number, isWrite: boolean) {
    this.address = address;
    this.size = size;
    this.isWrite = isWrite;
  }
}

const utf8 = new TextDecoder('utf-8');
const encoder = new TextEncoder();

export class Ram {
  readonly memory: WebAssembly.Memory;
  readonly sizeBytes: number;
  /** Whole RAM by offset; for hot paths that have checked their range. */
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.memory = new WebAssembly.Memory({ initial: sizeBytes / 65536, maximum: sizeBytes / 65536 });
    this.u8 = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
  }

  /** RAM offset of `[addr, addr+size)`; throws MemoryFault when any byte lies outside RAM or in page 0. */
  offset(addr: Ptr, size: number, isWrite = false): number {
    const offset = addr - KERNEL_BASE;
    if (!(offset >= 4096 && offset + size <= this.sizeBytes)) throw new MemoryFault(addr, size, isWrite);
    return offset;
  }
  has(addr: Ptr, size: number): boolean {
    const offset = addr - KERNEL_BASE;
    return offset >= 4096 && offset + size <= this.sizeBytes;
  }

  readU8(addr: Ptr): number { return this.u8[this.offset(addr, 1)]!; }
  readU16(addr: Ptr): number { return this.view.getUint16(this.offset(addr, 2), true); }
  readU32(addr: Ptr): number { return this.view.getUint32(this.offset(addr, 4), true); }
  readI8(addr: Ptr): number { return this.view.getInt8(this.offset(addr, 1)); }
  readI16(addr: Ptr): number { return this.view.getInt16(this.offset(addr, 2), true); }
  readI32(addr: Ptr): number { return this.view.getInt32(this.offset(addr, 4), true); }
  readU64(addr: Ptr): bigint { return this.view.getBigUint64(this.offset(addr, 8), true); }
  readI64(addr: Ptr): bigint { return this.view.getBigInt64(this.offset(addr, 8), true); }
  /** A signed 64-bit word as a number: exact for every kernel and user address, rounded beyond 2^53. */
  readPtr(addr: Ptr): Ptr {
    const o = this.offset(addr, 8);
    return this.view.getInt32(o + 4, true) * 4294967296 + this.view.getUint32(o, true);
  }
  /** An unsigned 64-bit word as a number: exact below 2^53. */
  readULong(addr: Ptr): number {
    const o = this.offset(addr, 8);
    return this.view.getUint32(o + 4, true) * 4294967296 + this.view.getUint32(o, true);
  }

  writeU8(addr: Ptr, value: number): void { this.u8[this.offset(addr, 1, true)] = value; }
  writeU16(addr: Ptr, value: number): void { this.view.setUint16(this.offset(addr, 2, true), value, true); }
  writeU32(addr: Ptr, value: number): void { this.view.setUint32(this.offset(addr, 4, true), value, true); }
  writeU64(addr: Ptr, value: bigint): void { this.view.setBigUint64(this.offset(addr, 8, true), BigInt.asUintN(64, value), true); }
  /** Stores a number (address, long, size) as a 64-bit word, sign-extended; exact for safe integers. */
  writePtr(addr: Ptr, value: number): void {
    const o = this.offset(addr, 8, true);
    this.view.setUint32(o, value >>> 0, true);
    this.view.setInt32(o + 4, Math.floor(value / 4294967296), true);
  }

  /** A live view of guest bytes (not a copy). */
  bytes(addr: Ptr, size: number): Uint8Array<ArrayBuffer> {
    const o = this.offset(addr, size);
    return this.u8.subarray(o, o + size);
  }
  writeBytes(addr: Ptr, data: Uint8Array): void { this.u8.set(data, this.offset(addr, data.length, true)); }
  fill(addr: Ptr, size: number, value = 0): void {
    const o = this.offset(addr, size, true);
    this.u8.fill(value, o, o + size);
  }
  /** memmove. */
  copy(dest: Ptr, src: Ptr, size: number): void {
    const to = this.offset(dest, size, true);
    const from = this.offset(src, size);
    this.u8.copyWithin(to, from, from + size);
  }

  /** Length of the NUL-terminated string at `addr`, at most `max`; faults where the string runs out of RAM. */
  strnlen(addr: Ptr, max = Number.POSITIVE_INFINITY): number {
    if (max <= 0) return 0;
    const start = this.offset(addr, 1);
    const limit = Math.min(this.sizeBytes, start + max);
    const end = this.u8.indexOf(0, start);
    if (end >= 0 && end < limit) return end - start;
    if (limit === this.sizeBytes && limit < start + max) throw new MemoryFault(addr + (limit - start), 1, false);
    return limit - start;
  }
  /** The bytes of a C string, one character each (Latin-1): lossless for whatever a module stores. */
  cstring(addr: Ptr, max?: number): string { return latin1(this.bytes(addr, this.strnlen(addr, max))); }
  /** Stores Latin-1 text and a NUL. */
  writeCString(addr: Ptr, text: string): void {
    const o = this.offset(addr, text.length + 1, true);
    for (let i = 0; i < text.length; i++) this.u8[o + i] = text.charCodeAt(i);
    this.u8[o + text.length] = 0;
  }
}

/** Guest text is bytes; at the host's door they are UTF-8. */
export const utf8FromLatin1 = (text: string): string => utf8.decode(Uint8Array.from(text, (c) => c.charCodeAt(0)));
export const latin1FromUtf8 = (text: string): string => String.fromCharCode(...encoder.encode(text));
