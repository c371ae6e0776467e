// A pool of workers: threads that take work off one list. A bound pool runs one item at a time as long as that does not sleep, then lets
// the next worker in; an unbound one starts a worker for each item. Linux: kernel/workqueue.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import { TASK_DEAD, TASK_RUNNING } from '../../abi/task-states.ts';
import { TaskKilled } from '../errors.ts';
import type { WorkItem } from './work-item.ts';

/** An idle kernel thread waits uninterruptibly without counting as load (TASK_IDLE). */
const TASK_IDLE = 0x402;
/** PF_WQ_WORKER in task_struct.flags. */
const PF_WQ_WORKER = 0x20;

export interface PoolDeps {
  readonly scheduler: Scheduler;
  readonly cpu: Cpu;
  /** Return address of calls to work functions. */
  readonly callSite: Ptr;
  /** Workers of all pools, by their tasks. */
  readonly workers: Map<Task, Worker>;
  /** An item is about to run / has ended. */
  readonly started: (item: WorkItem) => void;
  readonly ended: (item: WorkItem, worker: Worker) => void;
}

export interface Worker {
  readonly task: Task;
  current: WorkItem | undefined;
  /** set_worker_desc(). */
  description: string;
  /** Items that must run on this worker, since it runs the same work already. */
  readonly scheduled: WorkItem[];
  isIdle: boolean;
  /** It runs an item and does not sleep: counts for the concurrency of a bound pool. */
  isRunning: boolean;
}

export class WorkerPool {
  readonly #deps: PoolDeps;
  readonly #name: (id: number) => string;
  readonly id: number;
  readonly isBound: boolean;
  /** Items in order, linked by `next`. */
  #first: WorkItem | undefined;
  #last: WorkItem | undefined;
  readonly #idle: Worker[] = [];
  readonly busy = new Map<Ptr, Worker>();
  #nrRunning = 0;
  #nextWorker = 0;

  constructor(deps: PoolDeps, id: number, isBound: boolean, name: (worker: number) => string, firstWorker = 0) {
    this.#deps = deps;
    this.id = id;
    this.isBound = isBound;
    this.#name = name;
    this.#nextWorker = firstWorker;
  }

  get hasWork(): boolean { return this.#first !== undefined; }

  /** Appends an item; a worker is woken if one is needed. */
  add(item: WorkItem): void {
    item.pool = this;
    if (this.#last) this.#last.next = item;
    else this.#first = item;
    this.#last = item;
    this.#wakeIfNeeded();
  }
  /** Takes a queued item back. */
  remove(item: WorkItem): void {
    let before: WorkItem | undefined;
    for (let other = this.#first; other; before = other, other = other.next) {
      if (other !== item) continue;
      if (before) before.next = item.next;
      else this.#first = item.next;
      if (this.#last === item) this.#last = before;
      return;
    }
    for (const worker of this.busy.values()) {
      const scheduled = worker.scheduled.indexOf(item);
      if (scheduled >= 0) worker.scheduled.splice(scheduled, 1);
    }
  }

  #wakeIfNeeded(): void {
    if (!this.hasWork || (this.isBound && this.#nrRunning > 0)) return;
    const worker = this.#idle.pop();
    if (!worker) {
      this.#create();
      return;
    }
    worker.isIdle = false;
    this.#count(worker, true);
    this.#deps.scheduler.wake(worker.task);
  }
  #create(): void {
    const { scheduler, workers } = this.#deps;
    scheduler.createKernelThread(this.#name(this.#nextWorker++), (task) => {
      const worker: Worker = { task, current: undefined, description: '', scheduled: [], isIdle: false, isRunning: false };
      workers.set(task, worker);
      this.#count(worker, true);
      task.onSleep = () => {
        if (worker.isIdle) return;
        this.#count(worker, false);
        this.#wakeIfNeeded();
      };
      return this.#work(worker);
    }, PF_WQ_WORKER);
  }
  #count(worker: Worker, isRunning: boolean): void {
    if (worker.isRunning === isRunning) return;
    worker.isRunning = isRunning;
    this.#nrRunning += isRunning ? 1 : -1;
  }

  *#work(worker: Worker): Sleeping<void> {
    const { scheduler, cpu, callSite, started } = this.#deps;
    for (;;) {
      // Whoever slept in an item meanwhile goes on first: one runs at a time.
      for (let item = this.#next(worker); item; item = this.#next(worker)) {
        worker.current = item;
        this.busy.set(item.address, worker);
        started(item);
        try {
          const pending = item.run ? item.run() : cpu.start(item.func, [item.address], callSite);
          if (pending) yield* pending;
        } catch (error) {
          if (!(error instanceof TaskKilled)) throw error;
          // The worker dies of the oops; its item never ends, and others take over.
          this.#count(worker, false);
          this.#wakeIfNeeded();
          scheduler.setState(TASK_DEAD);
          return;
        }
        this.#ended(worker, item);
        // cond_resched(): a work that queues itself again must not keep the others out.
        if (!scheduler.hasRunnable) continue;
        scheduler.setState(TASK_RUNNING);
        yield* scheduler.schedule();
      }
      worker.isIdle = true;
      this.#count(worker, false);
      this.#idle.push(worker);
      scheduler.setState(TASK_IDLE);
      yield* scheduler.schedule();
    }
  }
  #ended(worker: Worker, item: WorkItem): void {
    this.#count(worker, true);
    this.busy.delete(item.address);
    worker.current = undefined;
    this.#deps.ended(item, worker);
  }
  /** What the worker is to run now: what only it may run, then the head of the list. */
  #next(worker: Worker): WorkItem | undefined {
    if (worker.scheduled.length > 0) return worker.scheduled.shift();
    for (;;) {
      const item = this.#first;
      if (!item || (this.isBound && this.#nrRunning > 1)) return undefined;
      this.#first = item.next;
      if (!item.next) this.#last = undefined;
      item.next = undefined;
      const same = this.busy.get(item.address);
      if (!same) {
        if (!this.isBound) this.#wakeIfNeeded();
        return item;
      }
      same.scheduled.push(item);
    }
  }
}
