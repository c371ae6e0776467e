// Sleepable RCU: each srcu_struct is a domain of its own, whose readers count themselves at one of two indices. A grace period turns to
// the other index and waits until the old one is empty. Callbacks run in a worker with bottom halves off. Linux: kernel/rcu/srcutree.c.
// The counts are kept here, by the address of the srcu_struct: a static one needs no initialisation.

import type { Ptr } from '../../base/ptr.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import { TASK_UNINTERRUPTIBLE } from '../../abi/task-states.ts';
import { SOFTIRQ_DISABLE_OFFSET } from '../../abi/preempt-count.ts';

interface Domain {
  index: 0 | 1;
  readonly nrReaders: [number, number];
  waiting: (() => void)[];
  /** Callbacks of the grace period in progress. */
  current: (() => void)[] | undefined;
}

export interface SrcuDeps {
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly context: { preemptCount: number };
  readonly callSite: (name: string) => Ptr;
  /** Runs something in a worker thread. */
  readonly inWorker: (run: () => void) => void;
  readonly bottomHalvesEnabled: () => void;
  /** WARN_ON: cleanup_srcu_struct() of a domain with readers. */
  readonly warnBusy: () => void;
}

export class Srcu {
  readonly #deps: SrcuDeps;
  readonly #domains = new Map<Ptr, Domain>();

  constructor(deps: SrcuDeps) { this.#deps = deps; }

  readLock(srcu: Ptr): number {
    const domain = this.#of(srcu);
    domain.nrReaders[domain.index]++;
    return domain.index;
  }
  readUnlock(srcu: Ptr, index: number): void {
    const domain = this.#of(srcu);
    domain.nrReaders[index & 1]!--;
    this.#advance(srcu, domain);
  }

  init(srcu: Ptr): void { this.#domains.delete(srcu); }
  cleanup(srcu: Ptr): void {
    const domain = this.#domains.get(srcu);
    if (domain && (domain.nrReaders[0] !== 0 || domain.nrReaders[1] !== 0)) this.#deps.warnBusy();
    else this.#domains.delete(srcu);
  }

  /** call_srcu(). */
  callGuest(srcu: Ptr, head: Ptr, func: Ptr): void { this.#call(srcu, () => { this.#deps.cpu.call(func, [head], this.#deps.callSite('srcu_invoke_callbacks')); }); }
  *synchronize(srcu: Ptr): Sleeping<void> {
    const { scheduler } = this.#deps;
    const task = scheduler.current;
    let isOver = false;
    this.#call(srcu, () => {
      isOver = true;
      scheduler.wake(task);
    });
    while (!isOver) {
      scheduler.setState(TASK_UNINTERRUPTIBLE);
      yield* scheduler.schedule();
    }
  }
  /** srcu_barrier(): callbacks run in order, so the last one is waited for. */
  *barrier(srcu: Ptr): Sleeping<void> {
    const domain = this.#domains.get(srcu);
    if (domain && (domain.waiting.length > 0 || domain.current)) yield* this.synchronize(srcu);
  }

  #of(srcu: Ptr): Domain {
    let domain = this.#domains.get(srcu);
    if (!domain) {
      domain = { index: 0, nrReaders: [0, 0], waiting: [], current: undefined };
      this.#domains.set(srcu, domain);
    }
    return domain;
  }
  #call(srcu: Ptr, callback: () => void): void {
    const domain = this.#of(srcu);
    domain.waiting.push(callback);
    this.#start(srcu, domain);
  }
  #start(srcu: Ptr, domain: Domain): void {
    if (domain.current || domain.waiting.length === 0) return;
    domain.current = domain.waiting;
    domain.waiting = [];
    domain.index = domain.index === 0 ? 1 : 0;
    this.#advance(srcu, domain);
  }
  /** Ends the grace period in progress if its readers have left. */
  #advance(srcu: Ptr, domain: Domain): void {
    const callbacks = domain.current;
    if (!callbacks || callbacks.length === 0 || domain.nrReaders[domain.index === 0 ? 1 : 0] !== 0) return;
    // Emptied, not undefined: the next grace period begins when these callbacks have run.
    domain.current = [];
    this.#deps.inWorker(() => {
      const { context, bottomHalvesEnabled } = this.#deps;
      for (const callback of callbacks) {
        context.preemptCount += SOFTIRQ_DISABLE_OFFSET;
        callback();
        context.preemptCount -= SOFTIRQ_DISABLE_OFFSET;
        bottomHalvesEnabled();
      }
      domain.current = undefined;
      this.#start(srcu, domain);
    });
  }
}
