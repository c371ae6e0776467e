// The records that the log still holds. Sizes are counted as Linux's ring does: a table of as many records as the buffer has
// 32-byte units, and a data area in which a text takes a word for its owner and is rounded up to words. New records push out the
// oldest ones. Linux: kernel/printk/printk_ringbuffer.c.

import { alignUp } from '../../base/ptr.ts';
import type { LogRecord } from './record.ts';

export const DEFAULT_BUFFER_BYTES = 128 * 1024;
const BYTES_PER_RECORD = 32;
const WORD = 8;

export class RecordRing {
  readonly sizeBytes: number;
  readonly #capacity: number;
  /** Records by sequence modulo capacity. */
  readonly #slots: LogRecord[] = [];
  #first = 0;
  #next = 0;
  #usedBytes = 0;

  constructor(sizeBytes = DEFAULT_BUFFER_BYTES) {
    this.sizeBytes = sizeBytes;
    this.#capacity = sizeBytes / BYTES_PER_RECORD;
  }

  /** Sequence number of the oldest record held. */
  get firstSequence(): number { return this.#first; }
  /** Sequence number that the next record gets. */
  get nextSequence(): number { return this.#next; }

  push(record: LogRecord): void {
    const size = dataSize(record.text);
    while (this.#next - this.#first >= this.#capacity || (this.#usedBytes + size > this.sizeBytes && this.#first < this.#next)) this.#drop();
    this.#slots[this.#next % this.#capacity] = record;
    this.#next++;
    this.#usedBytes += size;
  }
  at(sequence: number): LogRecord | undefined {
    return sequence >= this.#first && sequence < this.#next ? this.#slots[sequence % this.#capacity] : undefined;
  }
  *from(sequence: number): Iterable<LogRecord> {
    for (let at = Math.max(sequence, this.#first); at < this.#next; at++) yield this.#slots[at % this.#capacity]!;
  }

  #drop(): void {
    this.#usedBytes -= dataSize(this.#slots[this.#first % this.#capacity]!.text);
    this.#first++;
  }
}

const dataSize = (text: string): number => (text === '' ? 0 : alignUp(text.length, WORD) + WORD);
