// Interrupts on their way to the processor: what a device, a chip or irq_work has raised and no handler has seen yet. They are taken
// by the local interrupt (kernel/time/timer-interrupt.ts) as soon as interrupts are on: at once where nothing runs or a function of
// the kernel does, otherwise when the running code enters a function or loops.

import type { TimeSource } from '../time/timer-interrupt.ts';

export interface PendingDeps {
  /** Takes all interrupts that are due, if interrupts are on. */
  readonly poll: () => void;
  /** Module code runs, not a function of the kernel. */
  readonly isInGuestCode: () => boolean;
  /** Has the running code stopped at its next boundary, to poll there. */
  readonly stopSoon: () => void;
  /** Runs something between two instructions. */
  readonly interrupt: (work: () => void) => void;
}

export class PendingInterrupts implements TimeSource {
  readonly #deps: PendingDeps;
  #waiting: (() => void)[] = [];
  #count = 0;

  constructor(deps: PendingDeps) { this.#deps = deps; }

  get nextNs(): number { return this.#count > 0 ? 0 : Number.POSITIVE_INFINITY; }

  /** In hardirq context: everything that has been raised, also by the handlers. */
  runDue(): void {
    while (this.#count > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#count = 0;
      for (const handle of batch) handle();
    }
  }

  /** `handle` is to run in hardirq context. */
  raise(handle: () => void): void {
    this.#waiting.push(handle);
    this.#count++;
    if (this.#deps.isInGuestCode()) this.#deps.stopSoon();
    else this.#deps.poll();
  }
  /** To be called when interrupts have been turned on. */
  arrive(): void {
    if (this.#count > 0) this.#deps.interrupt(this.#deps.poll);
  }
}
