// Ring buffers behind the kfifo macros: `in` and `out` only grow, `mask` wraps them. Record fifos put a little-endian length
// of one or two bytes before each record. Linux: lib/kfifo.c. The *_user functions belong to user access.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { Allocator } from '../services.ts';

const EINVAL = 22, ENOMEM = 12;

type Fifo = Ptr<'__kfifo'>;

class KFifo {
  readonly #ram: Ram;
  readonly #offset: { readonly in: number; readonly out: number; readonly mask: number; readonly esize: number; readonly data: number };
  constructor(ram: Ram, abi: Abi) {
    this.#ram = ram;
    const s = abi.struct('__kfifo');
    this.#offset = { in: s.offset('in'), out: s.offset('out'), mask: s.offset('mask'), esize: s.offset('esize'), data: s.offset('data') };
  }
  in(f: Fifo): number { return this.#ram.readU32(f + this.#offset.in); }
  out(f: Fifo): number { return this.#ram.readU32(f + this.#offset.out); }
  size(f: Fifo): number { return this.#ram.readU32(f + this.#offset.mask) + 1; }
  data(f: Fifo): Ptr { return this.#ram.readPtr(f + this.#offset.data); }
  used(f: Fifo): number { return (this.in(f) - this.out(f)) >>> 0; }
  unused(f: Fifo): number { return this.size(f) - this.used(f); }
  advanceIn(f: Fifo, n: number): void { this.#ram.writeU32(f + this.#offset.in, this.in(f) + n); }
  advanceOut(f: Fifo, n: number): void { this.#ram.writeU32(f + this.#offset.out, this.out(f) + n); }

  /** Sets up an empty fifo; `size` elements, a power of two, 0 for none. */
  reset(f: Fifo, size: number, elementSize: number, data: Ptr): void {
    this.#ram.writeU32(f + this.#offset.in, 0);
    this.#ram.writeU32(f + this.#offset.out, 0);
    this.#ram.writeU32(f + this.#offset.esize, elementSize);
    this.#ram.writePtr(f + this.#offset.data, data);
    this.#ram.writeU32(f + this.#offset.mask, size === 0 ? 0 : size - 1);
  }

  /** Copies `count` elements between the ring at position `at` and linear memory, in at most two pieces. */
  copy(f: Fifo, at: number, memory: Ptr, count: number, isInto: boolean): void {
    const esize = this.#ram.readU32(f + this.#offset.esize);
    const start = (at & (this.size(f) - 1)) >>> 0;
    const first = Math.min(count, this.size(f) - start);
    const pieces: [ring: Ptr, linear: Ptr, elements: number][] = [[this.data(f) + start * esize, memory, first], [this.data(f), memory + first * esize, count - first]];
    for (const [ring, linear, elements] of pieces) {
      if (elements === 0) continue;
      if (isInto) this.#ram.copy(ring, linear, elements * esize);
      else this.#ram.copy(linear, ring, elements * esize);
    }
  }
  /** Length of the record at the front. */
  recordLength(f: Fifo, lengthBytes: number): number {
    let length = 0;
    for (let i = lengthBytes - 1; i >= 0; i--) length = (length << 8) | this.#ram.readU8(this.data(f) + ((this.out(f) + i) & (this.size(f) - 1)));
    return length;
  }
  writeRecordLength(f: Fifo, lengthBytes: number, length: number): void {
    for (let i = 0; i < lengthBytes; i++) this.#ram.writeU8(this.data(f) + ((this.in(f) + i) & (this.size(f) - 1)), length >>> (i * 8));
  }
}

export function kfifoExports(ram: Ram, abi: Abi, allocator: Allocator): ExportTable {
  const fifo = new KFifo(ram, abi);
  const peek = (f: Fifo, buffer: Ptr, length: number): number => {
    const count = Math.min(length, fifo.used(f));
    fifo.copy(f, fifo.out(f), buffer, count, false);
    return count;
  };
  const peekRecord = (f: Fifo, buffer: Ptr, length: number, lengthBytes: number): { copied: number; whole: number } => {
    const whole = fifo.recordLength(f, lengthBytes);
    const copied = Math.min(length, whole);
    fifo.copy(f, fifo.out(f) + lengthBytes, buffer, copied, false);
    return { copied, whole };
  };
  return {
    __kfifo_alloc: fn('__kfifo_alloc', (f: Fifo, wanted: number, elementSize: number, gfp: number) => {
      const size = wanted <= 1 ? wanted : 2 ** Math.ceil(Math.log2(wanted));
      if (size < 2) {
        fifo.reset(f, 0, elementSize, 0);
        return -EINVAL;
      }
      const data = allocator.kmalloc(size * elementSize, gfp);
      fifo.reset(f, data === 0 ? 0 : size, elementSize, data);
      return data === 0 ? -ENOMEM : 0;
    }),
    __kfifo_free: fn('__kfifo_free', (f: Fifo) => {
      allocator.kfree(fifo.data(f));
      fifo.reset(f, 0, 0, 0);
    }),
    __kfifo_init: fn('__kfifo_init', (f: Fifo, buffer: Ptr, bytes: number, elementSize: number) => {
      const elements = Math.floor(bytes / elementSize);
      const size = elements < 2 ? 0 : 2 ** Math.floor(Math.log2(elements));
      fifo.reset(f, size, elementSize, buffer);
      return size === 0 ? -EINVAL : 0;
    }),
    __kfifo_in: fn('__kfifo_in', (f: Fifo, buffer: Ptr, length: number) => {
      const count = Math.min(length, fifo.unused(f));
      fifo.copy(f, fifo.in(f), buffer, count, true);
      fifo.advanceIn(f, count);
      return count;
    }),
    __kfifo_out_peek: fn('__kfifo_out_peek', peek),
    __kfifo_out: fn('__kfifo_out', (f: Fifo, buffer: Ptr, length: number) => {
      const count = peek(f, buffer, length);
      fifo.advanceOut(f, count);
      return count;
    }),
    __kfifo_max_r: fn('__kfifo_max_r', (length: number, lengthBytes: number) => Math.min(length, 2 ** (lengthBytes * 8) - 1)),
    __kfifo_len_r: fn('__kfifo_len_r', (f: Fifo, lengthBytes: number) => fifo.recordLength(f, lengthBytes)),
    __kfifo_in_r: fn('__kfifo_in_r', (f: Fifo, buffer: Ptr, length: number, lengthBytes: number) => {
      if (length + lengthBytes > fifo.unused(f)) return 0;
      fifo.writeRecordLength(f, lengthBytes, length);
      fifo.copy(f, fifo.in(f) + lengthBytes, buffer, length, true);
      fifo.advanceIn(f, length + lengthBytes);
      return length;
    }),
    __kfifo_out_peek_r: fn('__kfifo_out_peek_r', (f: Fifo, buffer: Ptr, length: number, lengthBytes: number) =>
      fifo.used(f) === 0 ? 0 : peekRecord(f, buffer, length, lengthBytes).copied),
    __kfifo_out_r: fn('__kfifo_out_r', (f: Fifo, buffer: Ptr, length: number, lengthBytes: number) => {
      if (fifo.used(f) === 0) return 0;
      const { copied, whole } = peekRecord(f, buffer, length, lengthBytes);
      fifo.advanceOut(f, whole + lengthBytes);
      return copied;
    }),
    __kfifo_skip_r: fn('__kfifo_skip_r', (f: Fifo, lengthBytes: number) => fifo.advanceOut(f, fifo.recordLength(f, lengthBytes) + lengthBytes)),
  };
}
