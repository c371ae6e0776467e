// A crash report as data: what a listener (the library's user, the command line) gets beside the lines in the log.

import type { Ptr } from '../../base/ptr.ts';
import { offsetText, rawAddress } from '../symbol-text.ts';
import type { Log } from '../services.ts';

export interface ReportFrame {
  readonly address: Ptr;
  /** '' where no symbol covers the address. */
  readonly symbol: string;
  readonly offset: number;
  readonly size: number;
  readonly module: string | null;
  readonly isReliable: boolean;
  /** Source position, where the module carries debug information. */
  readonly file?: string;
  readonly line?: number;
}

export type ReportKind = 'oops' | 'BUG' | 'WARN' | 'panic' | 'soft lockup' | 'complaint';

export interface OopsReport {
  readonly kind: ReportKind;
  /** The line that says what happened. */
  readonly summary: string;
  /** Instruction that caused the report; 0 where it is not about one. */
  readonly address: Ptr;
  /** Innermost first; the first one is `address` itself where there is one. */
  readonly frames: readonly ReportFrame[];
  /** The lines of the log. */
  readonly text: string;
}

/** Prints a report line by line and keeps what it printed. */
export class ReportWriter {
  readonly #log: Log;
  readonly #lines: string[] = [];
  readonly frames: ReportFrame[] = [];
  summary = '';

  constructor(log: Log) { this.#log = log; }

  line(level: number, text: string): void {
    this.#log.printk(level, text);
    this.#lines.push(text);
  }
  get text(): string { return this.#lines.map((line) => `${line}\n`).join(''); }

  report(kind: ReportKind, address: Ptr): OopsReport { return { kind, summary: this.summary, address, frames: this.frames, text: this.text }; }
}

/** `f+0x1/0x2 [mod]`, or the address. */
export const frameName = ({ symbol, offset, size, module, address }: ReportFrame): string => (symbol === '' ? rawAddress(address) : offsetText({ name: symbol, offset, size, module }));

/** `f+0x1/0x2 [mod] (file.c:17)`, as scripts/decode_stacktrace.sh would add to a trace. */
export const frameText = (frame: ReportFrame): string => `${frame.isReliable ? '' : '? '}${frameName(frame)}${frame.file === undefined ? '' : ` (${frame.file}:${frame.line})`}`;
