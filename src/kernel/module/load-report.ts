// What is said about a module that is being loaded: each line goes to the kernel log at once and is kept as an issue, so that
// the error that insmod throws lists all of them. `kobox check` uses one without a log.

import type { ErrnoName } from '../../abi/errno.ts';
import { LoadError, type LoadIssue } from '../errors.ts';
import type { Log } from '../services.ts';

export const KERN_ERR = 3;
export const KERN_WARNING = 4;
export const KERN_NOTICE = 5;
export const KERN_INFO = 6;
export const KERN_DEBUG = 7;

export class LoadReport {
  readonly issues: LoadIssue[] = [];
  readonly #log: Log | undefined;
  constructor(log: Log | undefined) { this.#log = log; }

  /** A reason why the module is refused. */
  issue(level: number, text: string, symbol?: string): void {
    this.#log?.printk(level, text);
    this.issues.push(symbol === undefined ? { text } : { text, symbol });
  }
  /** A reason that Linux does not log; only the thrown error carries it. */
  silentIssue(text: string, symbol?: string): void { this.issues.push(symbol === undefined ? { text } : { text, symbol }); }
  /** A line that refuses nothing. */
  note(level: number, text: string): void { this.#log?.printk(level, text); }

  error(code: ErrnoName): LoadError { return new LoadError(code, this.issues); }
  /** Logs and returns the error to throw. */
  refuse(code: ErrnoName, level: number, text: string): LoadError {
    this.issue(level, text);
    return this.error(code);
  }
}
