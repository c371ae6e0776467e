// Readers of the log with a position of their own: /dev/kmsg, one per open file, and syslog(2), one for the system.
// Linux: kernel/printk/printk.c; man 2 syslog.

import { Errno } from '../errors.ts';
import { kmsgText, type LogRecord, syslogText } from './record.ts';
import type { RecordRing } from './ring.ts';

/** lseek() positions that /dev/kmsg knows. */
export const KMSG_SEEK = { oldest: 0, afterClear: 3, newest: 2 } as const;

/** What all readers of one log share. */
export class LogPositions {
  /** First record after the last clear: where dmesg starts. */
  clearSequence = 0;
}

export class KmsgReader {
  readonly #ring: RecordRing;
  readonly #positions: LogPositions;
  #next: number;

  constructor(ring: RecordRing, positions: LogPositions) {
    this.#ring = ring;
    this.#positions = positions;
    this.#next = ring.firstSequence;
  }

  get hasMore(): boolean { return this.#next < this.#ring.nextSequence; }
  /** Records were overwritten before this reader came to them. */
  get hasLost(): boolean { return this.#next < this.#ring.firstSequence; }

  /** The next record's text; undefined when there is none yet. EPIPE once after a loss, EINVAL when `size` is too small for it. */
  read(size: number): string | undefined {
    if (this.hasLost) {
      this.#next = this.#ring.firstSequence;
      throw new Errno('EPIPE', 'records were overwritten');
    }
    const record = this.#ring.at(this.#next);
    if (!record) return undefined;
    const text = kmsgText(record);
    if (text.length > size) throw new Errno('EINVAL', 'buffer smaller than the record');
    this.#next++;
    return text;
  }

  /** lseek(): only to the three places that mean something. */
  seek(offset: number, whence: number): void {
    if (offset !== 0) throw new Errno('ESPIPE');
    switch (whence) {
      case KMSG_SEEK.oldest: this.#next = this.#ring.firstSequence; break;
      case KMSG_SEEK.newest: this.#next = this.#ring.nextSequence; break;
      case KMSG_SEEK.afterClear: this.#next = this.#positions.clearSequence; break;
      default: throw new Errno('EINVAL');
    }
  }
}

/** The buffer of syslog(2): /proc/kmsg reads it too. */
export class SyslogReader {
  readonly #ring: RecordRing;
  readonly #positions: LogPositions;
  #next = 0;
  /** Characters of the record at #next that were handed out already. */
  #taken = 0;

  constructor(ring: RecordRing, positions: LogPositions) {
    this.#ring = ring;
    this.#positions = positions;
  }

  /** Action 2: what is new, as much as fits; '' when there is nothing (the caller waits then). */
  read(size: number): string {
    this.#catchUp();
    let text = '';
    for (let record = this.#ring.at(this.#next); record && text.length < size; record = this.#ring.at(this.#next)) {
      const rest = syslogText(record).slice(this.#taken);
      const part = rest.slice(0, size - text.length);
      text += part;
      if (part.length < rest.length) {
        this.#taken += part.length;
        break;
      }
      this.#next++;
      this.#taken = 0;
    }
    return text;
  }
  /** Action 3 (and 4): the newest records since the last clear that fit, whole. */
  readAll(size: number): string {
    const records = [...this.#ring.from(this.#positions.clearSequence)].map((record: LogRecord) => syslogText(record));
    let first = records.length;
    for (let length = 0; first > 0 && length + records[first - 1]!.length <= size; first--) length += records[first - 1]!.length;
    return records.slice(first).join('');
  }
  /** Action 5. */
  clear(): void { this.#positions.clearSequence = this.#ring.nextSequence; }
  /** Action 9. */
  get unreadBytes(): number {
    this.#catchUp();
    let bytes = -this.#taken;
    for (const record of this.#ring.from(this.#next)) bytes += syslogText(record).length;
    return bytes;
  }

  #catchUp(): void {
    if (this.#next >= this.#ring.firstSequence) return;
    this.#next = this.#ring.firstSequence;
    this.#taken = 0;
  }
}
