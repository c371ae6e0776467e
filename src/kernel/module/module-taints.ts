// Taints of one module, and how they taint the kernel (spec 6.9, 3.1-3.3). Some lines appear once per boot.

import type { TaintLetter, Taints } from '../services.ts';
import { KERN_WARNING, type LoadReport } from './load-report.ts';

const BIT: Readonly<Record<TaintLetter, number>> = {
  P: 0, F: 1, S: 2, R: 3, M: 4, B: 5, U: 6, D: 7, A: 8, W: 9, C: 10, I: 11, O: 12, E: 13, L: 14, K: 15, X: 16, T: 17, N: 18,
};
/** Letters that a module can carry, in bit order. */
const MODULE_LETTERS: readonly TaintLetter[] = ['P', 'F', 'C', 'O', 'E', 'K', 'X', 'T', 'N'];

export class TaintSet {
  mask = 0;
  has(letter: TaintLetter): boolean { return (this.mask & (1 << BIT[letter])) !== 0; }
  add(letter: TaintLetter): void { this.mask |= 1 << BIT[letter]; }
  get letters(): string { return this.mask === 0 ? '' : MODULE_LETTERS.filter((letter) => this.has(letter)).join(''); }
}

/** Taints that make lock debugging unreliable: the first of them says so. */
const UNRELIABLE: ReadonlySet<TaintLetter> = new Set<TaintLetter>(['P', 'F', 'D']);

export class ModuleTainter {
  readonly #kernel: Taints;
  #isLockDebuggingOff = false;
  readonly #said = new Set<string>();
  constructor(kernel: Taints) { this.#kernel = kernel; }

  kernelHas(letter: TaintLetter): boolean { return this.#kernel.has(letter); }
  kernel(letter: TaintLetter, report: LoadReport): void {
    if (UNRELIABLE.has(letter) && !this.#isLockDebuggingOff) {
      this.#isLockDebuggingOff = true;
      if (!this.#kernel.has('D')) report.note(KERN_WARNING, 'Disabling lock debugging due to kernel taint');
    }
    this.#kernel.add(letter);
  }
  module(taints: TaintSet, letter: TaintLetter, report: LoadReport): void {
    this.kernel(letter, report);
    taints.add(letter);
  }
  /** Logs a line the first time it is reached since boot. */
  once(key: string, level: number, text: string, report: LoadReport): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    report.note(level, text);
  }
  /** Something that needs force: said unless a forced load has tainted the kernel before. */
  force(taints: TaintSet, moduleName: string, reason: string, report: LoadReport): void {
    if (!this.#kernel.has('F')) report.note(KERN_WARNING, `${moduleName}: ${reason}: kernel tainted.`);
    this.module(taints, 'F', report);
  }
}
