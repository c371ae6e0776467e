// Grace periods of RCU: what call_rcu() and synchronize_rcu() wait for. One ends when every reader that was inside at its start has
// left and the processor has been seen outside of code that cannot be preempted. Callbacks run in the RCU softirq, in order.
// Linux: kernel/rcu/tree.c.
// Differs from Linux: a grace period without readers lasts one to two ticks, where Linux takes a few more.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { EventQueue } from '../sched/event-queue.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import { TASK_UNINTERRUPTIBLE } from '../../abi/task-states.ts';
import { HARDIRQ_OFFSET } from '../../abi/preempt-count.ts';
import type { Softirqs } from '../softirq/softirqs.ts';
import { SOFTIRQ } from '../../abi/softirq-numbers.ts';
import type { VirtualClock } from '../time/clock.ts';
import { TICK_NS } from '../../abi/clock-rates.ts';
import type { RcuReadSide } from './read-side.ts';

export interface RcuDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly clock: VirtualClock;
  readonly events: EventQueue;
  readonly scheduler: Scheduler;
  readonly softirqs: Softirqs;
  readonly context: { readonly preemptCount: number };
  readonly readers: RcuReadSide;
  readonly callSite: (name: string) => Ptr;
}

export class Rcu {
  readonly #deps: RcuDeps;
  readonly #offset: { readonly next: number; readonly func: number };
  readonly #callSite: Ptr;
  /** Callbacks that wait for the next grace period, for the one in progress, and those whose time has come. */
  #waiting: (() => void)[] = [];
  #current: (() => void)[] = [];
  #ready: (() => void)[] = [];
  /** Grace periods that have ended, and the last one that somebody needs. */
  #nrEnded = 0;
  #nrNeeded = 0;
  #isInProgress = false;
  /** Readers that the one in progress waits for. */
  #blockers = new Set<Task>();
  /** The processor could not be preempted when it began. */
  #needsQuiescence = false;

  constructor(deps: RcuDeps) {
    this.#deps = deps;
    const head = deps.abi.struct('callback_head');
    this.#offset = { next: head.offset('next'), func: head.offset('func') };
    this.#callSite = deps.callSite('rcu_do_batch');
    deps.softirqs.open(SOFTIRQ.RCU, () => this.#runCallbacks());
    deps.readers.onLeave = (task) => this.#left(task);
  }

  // Callbacks

  /** call_rcu() of a module's callback. */
  callGuest(head: Ptr, func: Ptr): void {
    const { ram, cpu } = this.#deps;
    ram.writePtr(head + this.#offset.next, 0);
    ram.writePtr(head + this.#offset.func, func);
    this.call(() => {
      const target = ram.readPtr(head + this.#offset.func);
      ram.writePtr(head + this.#offset.func, 0);
      cpu.call(target, [head], this.#callSite);
    });
  }
  /** Runs `callback` in the RCU softirq after a grace period. */
  call(callback: () => void): void {
    this.#waiting.push(callback);
    this.#need(this.state());
  }
  /** synchronize_rcu(). */
  *synchronize(): Sleeping<void> {
    let isOver = false;
    const task = this.#deps.scheduler.current;
    this.call(() => {
      isOver = true;
      this.#deps.scheduler.wake(task);
    });
    yield* this.#waitUntil(() => isOver);
  }
  /** synchronize_rcu_expedited(): waits for readers only, not for ticks. */
  *synchronizeExpedited(): Sleeping<void> {
    const readers = this.#deps.readers.inside();
    while (readers.size > 0) {
      const task = this.#deps.scheduler.current;
      this.#expedited.set(task, readers);
      yield* this.#waitUntil(() => readers.size === 0);
      this.#expedited.delete(task);
    }
  }
  readonly #expedited = new Map<Task, Set<Task>>();

  /** rcu_barrier(): waits until every callback queued so far has run. */
  *barrier(): Sleeping<void> {
    if (this.#waiting.length + this.#current.length + this.#ready.length === 0) return;
    yield* this.synchronize();
  }
  *#waitUntil(isOver: () => boolean): Sleeping<void> {
    const { scheduler } = this.#deps;
    while (!isOver()) {
      scheduler.setState(TASK_UNINTERRUPTIBLE);
      yield* scheduler.schedule();
    }
  }

  // Cookies

  /** get_state_synchronize_rcu(): number of the first grace period that begins from now on. */
  state(): number { return this.#nrEnded + (this.#isInProgress ? 2 : 1); }
  /** start_poll_synchronize_rcu(). */
  startPoll(): number {
    const state = this.state();
    this.#need(state);
    return state;
  }
  isOver(state: number): boolean { return state <= this.#nrEnded; }

  // Grace periods

  #need(state: number): void {
    if (state > this.#nrNeeded) this.#nrNeeded = state;
    if (!this.#isInProgress) this.#start();
  }
  #start(): void {
    this.#isInProgress = true;
    this.#current = this.#waiting;
    this.#waiting = [];
    this.#blockers = this.#deps.readers.inside();
    this.#needsQuiescence = this.#deps.context.preemptCount !== 0;
    this.#checkAt(2);
  }
  #checkAt(ticks: number): void {
    const { clock, events } = this.#deps;
    events.add((Math.floor(clock.now() / TICK_NS) + ticks) * TICK_NS, () => this.#check());
  }
  /** In the tick. */
  #check(): void {
    if (this.#deps.context.preemptCount === HARDIRQ_OFFSET) this.#needsQuiescence = false;
    for (const task of this.#blockers) if (task.isDead) this.#blockers.delete(task);
    // The last reader to leave asks again.
    if (this.#blockers.size > 0) return;
    if (this.#needsQuiescence) this.#checkAt(1);
    else this.#end();
  }
  #end(): void {
    this.#nrEnded++;
    this.#isInProgress = false;
    if (this.#current.length > 0) {
      this.#ready.push(...this.#current);
      this.#current = [];
      this.#deps.softirqs.raise(SOFTIRQ.RCU);
    }
    if (this.#nrNeeded > this.#nrEnded) this.#start();
  }
  #left(task: Task): void {
    if (this.#blockers.delete(task) && this.#blockers.size === 0) this.#checkAt(1);
    for (const [waiter, readers] of this.#expedited) if (readers.delete(task) && readers.size === 0) this.#deps.scheduler.wake(waiter);
  }

  #runCallbacks(): void {
    while (this.#ready.length > 0) {
      const batch = this.#ready;
      this.#ready = [];
      for (const callback of batch) callback();
    }
  }
}
