// The kinds of failure that cross a function boundary here. Errno: the guest asked for something that fails. LoadError: a
// module is refused. TaskKilled: the running task ended in an oops. Bugs of kobox itself are plain assertions (base/assert.ts).

import { ERRNO, type ErrnoName } from '../abi/errno.ts';

export class Errno extends Error {
  readonly code: ErrnoName;
  /** Positive errno value. */
  readonly errno: number;
  constructor(code: ErrnoName, why = '') {
    super(why ? `${code}: ${why}` : code);
    this.code = code;
    this.errno = ERRNO[code];
  }
}

/** One reason why a module cannot be loaded; `text` is the line Linux logs (without the trailing newline). */
export interface LoadIssue { readonly text: string; readonly symbol?: string }

/** insmod failed with `errno` (positive) for the reasons given; the kernel log has the same lines. */
export class LoadError extends Errno {
  readonly issues: readonly LoadIssue[];
  constructor(code: ErrnoName, issues: readonly LoadIssue[]) {
    super(code, issues.map((issue) => issue.text).join('; '));
    this.issues = issues;
  }
}

/** The current task was killed by an oops (`signal` as the shell sees it: 9 or 11). Unwinds to the task's entry. */
export class TaskKilled {
  readonly signal: number;
  readonly summary: string;
  constructor(signal: number, summary: string) {
    this.signal = signal;
    this.summary = summary;
  }
}

/** panic(): the machine stops. */
export class KernelPanic extends Error {}
