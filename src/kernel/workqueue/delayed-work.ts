// Delayed work: a timer that queues a work. Linux: kernel/workqueue.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { Timers } from '../time/timers.ts';
import type { Workqueue } from './workqueue.ts';
import type { Workqueues } from './workqueues.ts';

export interface DelayedWorkDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly timers: Timers;
  readonly workqueues: Workqueues;
  readonly jiffies: () => number;
}

export class DelayedWorks {
  readonly #deps: DelayedWorkDeps;
  readonly #offset: { readonly timer: number; readonly wq: number; readonly cpu: number };

  constructor(deps: DelayedWorkDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct('delayed_work');
    this.#offset = { timer: layout.offset('timer'), wq: layout.offset('wq'), cpu: layout.offset('cpu') };
  }

  /** queue_delayed_work_on(): false if it is pending already. The work is the first member. */
  queue(cpu: number, queue: Workqueue, dwork: Ptr, delay: number): boolean {
    if (!this.#deps.workqueues.claim(dwork)) return false;
    this.#arm(cpu, queue, dwork, delay);
    return true;
  }
  /** mod_delayed_work_on(): true if it was pending. */
  modify(cpu: number, queue: Workqueue, dwork: Ptr, delay: number): boolean {
    const wasPending = this.#grab(dwork);
    if (wasPending || this.#deps.workqueues.claim(dwork)) this.#arm(cpu, queue, dwork, delay);
    return wasPending;
  }
  #arm(cpu: number, queue: Workqueue, dwork: Ptr, delay: number): void {
    const { ram, timers, workqueues, jiffies } = this.#deps;
    ram.writePtr(dwork + this.#offset.wq, queue.address);
    ram.writeU32(dwork + this.#offset.cpu, cpu);
    if (delay === 0) workqueues.enqueue(queue, dwork);
    else timers.modify(dwork + this.#offset.timer, jiffies() + delay);
  }
  /** delayed_work_timer_fn(). */
  expired(timer: Ptr): void {
    const { ram, workqueues } = this.#deps;
    const dwork = timer - this.#offset.timer;
    workqueues.enqueue(workqueues.at(ram.readPtr(dwork + this.#offset.wq)), dwork);
  }
  #grab(dwork: Ptr): boolean {
    const { timers, workqueues } = this.#deps;
    return timers.remove(dwork + this.#offset.timer) === 1 || workqueues.grab(dwork);
  }

  /** flush_delayed_work(): queues it at once if its timer runs, and waits for it. */
  *flush(dwork: Ptr): Sleeping<boolean> {
    const { ram, timers, workqueues } = this.#deps;
    if (timers.remove(dwork + this.#offset.timer) === 1) workqueues.enqueue(workqueues.at(ram.readPtr(dwork + this.#offset.wq)), dwork);
    return yield* workqueues.flush(dwork);
  }
  /** cancel_delayed_work(). */
  cancel(dwork: Ptr): boolean {
    const wasPending = this.#grab(dwork);
    if (wasPending) this.#deps.workqueues.release(dwork);
    return wasPending;
  }
  /** cancel_delayed_work_sync(): also waits for the end of its function. */
  *cancelSync(dwork: Ptr): Sleeping<boolean> {
    const wasPending = this.cancel(dwork);
    yield* this.#deps.workqueues.waitCancelled(dwork);
    return wasPending;
  }
}
