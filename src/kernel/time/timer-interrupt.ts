// The local timer's interrupt: one for everything that is to happen at a point of virtual time. It comes when the processor is
// idle, when a task gives way, when a running task has done the work of the time up to it, and inside busy waits; while interrupts
// are off it stays pending. Linux: the clock event device, hrtimer_interrupt(), tick_sched_timer().

import type { Softirqs } from '../softirq/softirqs.ts';
import type { VirtualClock } from './clock.ts';

/** Something that acts at a point of time, in hardirq context with interrupts off. */
export interface TimeSource {
  /** Nanoseconds since boot; infinity for never. */
  readonly nextNs: number;
  runDue(nowNs: number): void;
}

export interface TimerInterruptDeps {
  readonly clock: VirtualClock;
  readonly softirqs: Softirqs;
  readonly areInterruptsDisabled: () => boolean;
}

export class TimerInterrupt {
  readonly #deps: TimerInterruptDeps;
  readonly #sources: TimeSource[] = [];
  #isInside = false;

  constructor(deps: TimerInterruptDeps) { this.#deps = deps; }

  /** Sources act in the order in which they were added. */
  add(source: TimeSource): void { this.#sources.push(source); }

  get nextNs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const source of this.#sources) {
      const at = source.nextNs;
      if (at < next) next = at;
    }
    return next;
  }
  get isDue(): boolean { return this.nextNs <= this.#deps.clock.now(); }

  /** Takes the interrupt if it is due and can come. */
  poll(): void {
    if (this.#isInside || this.#deps.areInterruptsDisabled()) return;
    while (this.isDue) this.#handle();
  }
  /** Busy waiting is work: time passes up to `endNs`, with the interrupts in between. */
  busyWait(endNs: number): void {
    const { clock, areInterruptsDisabled } = this.#deps;
    while (!areInterruptsDisabled() && !this.#isInside && this.nextNs <= endNs) {
      clock.advanceTo(this.nextNs);
      this.#handle();
    }
    clock.advanceTo(endNs);
  }

  #handle(): void {
    this.#deps.softirqs.inHardirq(this.#interrupt);
  }
  readonly #interrupt = (): void => {
    this.#isInside = true;
    try {
      const now = this.#deps.clock.now();
      this.#deps.clock.sync();
      for (const source of this.#sources) if (source.nextNs <= now) source.runDue(now);
    } finally {
      this.#isInside = false;
    }
  };
}
