// The kernel log: turns printk calls into records. A message is one record; text that does not end in a newline stays open, so
// that a KERN_CONT call of the same task (or the same CPU's interrupt) may continue it, and no reader sees it until it is
// complete or another message follows. Linux: kernel/printk/printk.c, vprintk_store().

import type { Clock, Log } from '../services.ts';
import type { LogRecord, RecordDevice } from './record.ts';
import { RecordRing } from './ring.ts';

/** The values of /proc/sys/kernel/printk that logging reads. */
export interface LogLevels {
  /** Records below this level reach the console. */
  readonly console: number;
  /** Level of a message without prefix. */
  readonly fallback: number;
}

export interface LogParts {
  readonly clock: Clock;
  readonly levels: LogLevels;
  /** Who prints: a task, or a CPU outside of task context. */
  readonly callerId: () => number;
  /** Longest formatted message with its prefix and final NUL: 992 on 6.1, 1024 on 6.12. */
  readonly lineMax: number;
  readonly bufferBytes?: number;
  /** Virtual time that making a record takes; none by default. */
  readonly costNs?: bigint;
}

/** LOG_LINE_MAX of the release. */
export const lineMaxOf = ([major, minor]: readonly [number, number]): number => (major > 6 || (major === 6 && minor >= 4) ? 1024 : 992);

interface OpenRecord { readonly callerId: number; readonly record: LogRecord; text: string }

const PREFIX = /^(?:\x01[0-7c])+/;

export class KernelLog implements Log {
  readonly ring: RecordRing;
  readonly #parts: LogParts;
  #open: OpenRecord | undefined;
  /** Called for every complete record that the console shows. */
  onConsole: (record: LogRecord) => void = () => {};
  /** Called for every complete record. */
  onRecord: (record: LogRecord) => void = () => {};

  constructor(parts: LogParts) {
    this.#parts = parts;
    this.ring = new RecordRing(parts.bufferBytes);
  }

  /** For the kernel's own code: one record per line, always complete. */
  printk(level: number, text: string): void {
    for (const line of (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')) this.#store({ level, text: line.slice(0, this.#parts.lineMax - 3), isComplete: true });
  }

  /** A formatted message with its KERN_ prefixes, as a module hands it over. Returns the number of characters stored. */
  print(message: string, fallbackLevel = this.#parts.levels.fallback): number {
    const cut = message.length < this.#parts.lineMax ? message : message.slice(0, this.#parts.lineMax - 1);
    const prefix = PREFIX.exec(cut)?.[0] ?? '';
    const body = cut.slice(prefix.length);
    const isComplete = body.endsWith('\n');
    const text = isComplete ? body.slice(0, -1) : body;
    const isContinuation = prefix.includes('c');
    if (isContinuation && this.#append(text, cut.length, isComplete)) return text.length;
    const digit = /\d/.exec(prefix)?.[0];
    this.#store({ level: digit === undefined ? fallbackLevel : Number(digit), text, isComplete, isFragment: isContinuation });
    return text.length;
  }

  /** A dev_printk() message: complete without a newline, and marked with its device. */
  printDevice(level: number, message: string, device: RecordDevice | undefined): number {
    const cut = message.slice(0, this.#parts.lineMax - 1);
    const text = cut.endsWith('\n') ? cut.slice(0, -1) : cut;
    this.#store({ level, text, isComplete: true, ...(device ? { device } : {}) });
    return text.length;
  }

  /** A line that user space writes to /dev/kmsg. */
  printUser(facility: number, level: number, text: string): void { this.#store({ facility, level, text, isComplete: true }); }

  /** Complete records from `sequence` on. */
  records(sequence = 0): Iterable<LogRecord> { return this.ring.from(sequence); }

  #store(message: { level: number; text: string; isComplete: boolean; isFragment?: boolean; facility?: number; device?: RecordDevice }): void {
    this.#close();
    const record: LogRecord = {
      sequence: this.ring.nextSequence, facility: message.facility ?? 0, level: message.level, isFragment: message.isFragment ?? false,
      timestampNs: this.#parts.clock.nowNs(), text: message.text, device: message.device,
    };
    if (this.#parts.costNs) this.#parts.clock.advance(this.#parts.costNs);
    if (message.isComplete) this.#finish(record);
    else this.#open = { callerId: this.#parts.callerId(), record, text: message.text };
  }

  /** Adds to the open record. `sizeWithPrefix` counts against the longest line, as Linux reserves room before it parses. */
  #append(text: string, sizeWithPrefix: number, isComplete: boolean): boolean {
    const open = this.#open;
    if (!open || open.callerId !== this.#parts.callerId() || open.text.length + sizeWithPrefix + 1 > this.#parts.lineMax) return false;
    open.text += text;
    if (isComplete) this.#close();
    return true;
  }

  #close(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    this.#finish({ ...open.record, text: open.text });
  }

  #finish(record: LogRecord): void {
    this.ring.push(record);
    this.onRecord(record);
    if (record.level < this.#parts.levels.console) this.onConsole(record);
  }
}
