// Workqueues: work_structs of modules, and items of the kernel's own, run by worker threads. The PENDING bit of a work is the real one.
// Linux: kernel/workqueue.c.
// Differs from Linux: workers are created when they are first needed; there are no rescuers.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import { TASK_UNINTERRUPTIBLE } from '../../abi/task-states.ts';
import type { Allocator, Log } from '../services.ts';
import { GFP_KERNEL } from '../services.ts';
import type { WorkItem } from './work-item.ts';
import { type PoolDeps, type Worker, WorkerPool } from './worker-pool.ts';
import { Workqueue, WQ } from './workqueue.ts';

/** WORK_STRUCT_PENDING in work_struct.data. */
const PENDING = 1;
export const WORK_BUSY = { PENDING: 1, RUNNING: 2 } as const;
const KERN_WARNING = 4;

export interface WorkqueueDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly allocator: Allocator;
  readonly log: Log;
  readonly callSite: (name: string) => Ptr;
  /** A work function came back with preemption, softirqs or interrupts off. */
  readonly checkAtomic: (worker: Worker, func: Ptr) => void;
  /** WARN_ON_ONCE: somebody queues on a workqueue that is being drained. */
  readonly warnDraining: (name: string) => void;
}

export class Workqueues {
  readonly #deps: WorkqueueDeps;
  readonly #offset: { readonly func: number; readonly name: number; readonly nameSize: number; readonly flags: number; readonly sizeBytes: number };
  readonly #byAddress = new Map<Ptr, Workqueue>();
  readonly #pending = new Map<Ptr, WorkItem>();
  readonly #pools: Readonly<Record<'normal' | 'highpri' | 'unbound' | 'unboundHighpri', WorkerPool>>;
  readonly #byTask = new Map<Task, Worker>();
  /** Works that may not be queued: being cancelled, or disabled. */
  readonly #disabled = new Map<Ptr, number>();
  /** Tasks that wait for something to end, woken each time something has. */
  readonly #watchers = new Set<Task>();
  #nextOwnItem = 1;

  constructor(deps: WorkqueueDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct<string>('workqueue_struct');
    this.#offset = {
      func: deps.abi.struct('work_struct').offset('func'), name: layout.offset('name'), nameSize: layout.field('name').type.sizeBytes, flags: layout.offset('flags'), sizeBytes: layout.sizeBytes,
    };
    const pool: PoolDeps = {
      scheduler: deps.scheduler, cpu: deps.cpu, callSite: deps.callSite('process_one_work'), workers: this.#byTask,
      started: (item) => this.#started(item), ended: (item, worker) => this.#ended(item, worker),
    };
    this.#pools = {
      normal: new WorkerPool(pool, 0, true, (worker) => `kworker/0:${worker}`, 1), highpri: new WorkerPool(pool, 1, true, (worker) => `kworker/0:${worker}H`),
      unbound: new WorkerPool(pool, 2, false, (worker) => `kworker/u2:${worker}`), unboundHighpri: new WorkerPool(pool, 3, false, (worker) => `kworker/u3:${worker}`),
    };
  }

  /** The worker that runs as the current task. */
  get currentWorker(): Worker | undefined { return this.#byTask.get(this.#deps.scheduler.current); }
  at(address: Ptr): Workqueue {
    const queue = this.#byAddress.get(address);
    // Linux would read what lies there; here it faults at once.
    if (!queue) this.#deps.ram.offset(0, 8);
    return queue!;
  }

  // Queues

  /** alloc_workqueue(); undefined when there is no memory. */
  create(name: string, flags: number, maxActive: number): Workqueue | undefined {
    const { abi, ram, allocator, log } = this.#deps;
    const [major, minor] = abi.kernelVersion;
    const limit = major > 6 || minor >= 12 ? 2048 : 512;
    if (maxActive > limit || maxActive < 0) {
      log.printk(KERN_WARNING, `workqueue: max_active ${maxActive} requested for ${name} is out of range, clamping between 1 and ${limit}\n`);
      maxActive = Math.min(Math.max(maxActive, 1), limit);
    }
    const address = allocator.kmalloc(this.#offset.sizeBytes, GFP_KERNEL);
    if (address === 0) return undefined;
    ram.fill(address, this.#offset.sizeBytes);
    ram.writeCString(address + this.#offset.name, name.slice(0, this.#offset.nameSize - 1));
    ram.writeU32(address + this.#offset.flags, flags);
    const queue = new Workqueue(address, name, flags, maxActive === 0 ? limit / 2 : maxActive, this.#poolFor(flags));
    this.#byAddress.set(address, queue);
    return queue;
  }
  #poolFor(flags: number): WorkerPool {
    if ((flags & WQ.UNBOUND) !== 0) return (flags & WQ.HIGHPRI) !== 0 ? this.#pools.unboundHighpri : this.#pools.unbound;
    return (flags & WQ.HIGHPRI) !== 0 ? this.#pools.highpri : this.#pools.normal;
  }
  *destroy(queue: Workqueue): Sleeping<void> {
    yield* this.drain(queue);
    this.#byAddress.delete(queue.address);
    this.#deps.allocator.kfree(queue.address);
  }

  // Queueing

  isPending(work: Ptr): boolean { return (this.#deps.ram.readU32(work) & PENDING) !== 0; }
  /** Claims the work for a queueing to come: false if somebody has, or it may not be queued now. */
  claim(work: Ptr): boolean {
    const { ram } = this.#deps;
    const data = ram.readU32(work);
    if ((data & PENDING) !== 0 || (this.#disabled.size > 0 && this.#disabled.has(work))) return false;
    ram.writeU32(work, data | PENDING);
    return true;
  }
  /** queue_work(): false if it is queued already. */
  queue(queue: Workqueue, work: Ptr): boolean {
    if (!this.claim(work)) return false;
    this.enqueue(queue, work);
    return true;
  }
  /** Queues a claimed work. */
  enqueue(queue: Workqueue, work: Ptr): void {
    if (queue.nrDrainers > 0 && this.currentWorker?.current?.queue !== queue) {
      this.#deps.warnDraining(queue.name);
      return;
    }
    const item: WorkItem = { address: work, func: 0, run: undefined, queue, pool: undefined, next: undefined, state: 'pending', generation: undefined, waiters: undefined };
    this.#pending.set(work, item);
    queue.add(item);
  }
  /** Queues something that the kernel itself wants done in a thread. */
  queueOwn(queue: Workqueue, run: () => Sleeping<void>): WorkItem {
    const item: WorkItem = { address: this.#nextOwnItem++, func: 0, run, queue, pool: undefined, next: undefined, state: 'pending', generation: undefined, waiters: undefined };
    queue.add(item);
    return item;
  }

  #started(item: WorkItem): void {
    item.state = 'running';
    if (item.run) return;
    const { ram } = this.#deps;
    if (this.#pending.get(item.address) === item) this.#pending.delete(item.address);
    ram.writeU32(item.address, ram.readU32(item.address) & ~PENDING);
    item.func = ram.readPtr(item.address + this.#offset.func);
  }
  #ended(item: WorkItem, worker: Worker): void {
    item.state = 'done';
    this.#deps.checkAtomic(worker, item.func);
    item.queue.ended(item);
    this.#wakeWaiters(item);
  }
  #wakeWaiters(item: WorkItem): void {
    if (item.waiters) for (const task of item.waiters) this.#deps.scheduler.wake(task);
    if (this.#watchers.size === 0) return;
    for (const task of this.#watchers) this.#deps.scheduler.wake(task);
    this.#watchers.clear();
  }

  // Waiting

  *#waitFor(item: WorkItem): Sleeping<void> {
    const { scheduler } = this.#deps;
    while (item.state !== 'done') {
      (item.waiters ??= new Set()).add(scheduler.current);
      scheduler.setState(TASK_UNINTERRUPTIBLE);
      yield* scheduler.schedule();
    }
  }
  #running(work: Ptr): WorkItem | undefined {
    for (const pool of Object.values(this.#pools)) {
      const worker = pool.busy.get(work);
      if (worker) return worker.current;
    }
    return undefined;
  }
  /** flush_work(): waits for the last queueing to end; false if there is none. */
  *flush(work: Ptr): Sleeping<boolean> {
    const item = this.#pending.get(work) ?? this.#running(work);
    if (!item) return false;
    yield* this.#waitFor(item);
    return true;
  }
  waitForOwn(item: WorkItem): Sleeping<void> { return this.#waitFor(item); }
  /** flush_workqueue(): waits for all that is queued now. */
  *flushQueue(queue: Workqueue): Sleeping<void> {
    const { scheduler } = this.#deps;
    const isUnderWay = queue.flushPoint();
    while (isUnderWay()) {
      this.#watchers.add(scheduler.current);
      scheduler.setState(TASK_UNINTERRUPTIBLE);
      yield* scheduler.schedule();
    }
  }
  /** drain_workqueue(): until nothing is left, while only items of the queue itself may queue more. */
  *drain(queue: Workqueue): Sleeping<void> {
    queue.nrDrainers++;
    try {
      for (let nrFlushes = 1; ; nrFlushes++) {
        yield* this.flushQueue(queue);
        if (!queue.isBusy) return;
        if (nrFlushes === 10 || (nrFlushes % 100 === 0 && nrFlushes <= 1000)) this.#deps.log.printk(KERN_WARNING, `workqueue ${queue.name}: drain_workqueue() isn't complete after ${nrFlushes} tries\n`);
      }
    } finally {
      queue.nrDrainers--;
    }
  }

  // Cancelling

  /** Takes a work off its queue; it stays claimed. False if it was not queued. */
  grab(work: Ptr): boolean {
    const item = this.#pending.get(work);
    if (!item || !this.isPending(work)) return false;
    this.#pending.delete(work);
    item.queue.remove(item);
    item.state = 'done';
    this.#wakeWaiters(item);
    return true;
  }
  release(work: Ptr): void { this.#deps.ram.writeU32(work, this.#deps.ram.readU32(work) & ~PENDING); }
  /** cancel_work(). */
  cancel(work: Ptr): boolean {
    const wasPending = this.grab(work);
    if (wasPending) this.release(work);
    return wasPending;
  }
  /** Waits for a running work whose queueing `wasPending`; meanwhile it cannot be queued again. */
  *waitCancelled(work: Ptr): Sleeping<void> {
    this.disable(work);
    try {
      for (let item = this.#running(work); item; item = this.#running(work)) yield* this.#waitFor(item);
    } finally {
      this.enable(work);
    }
  }
  disable(work: Ptr): void { this.#disabled.set(work, (this.#disabled.get(work) ?? 0) + 1); }
  /** True when it may be queued again. */
  enable(work: Ptr): boolean {
    const left = (this.#disabled.get(work) ?? 0) - 1;
    if (left > 0) this.#disabled.set(work, left);
    else this.#disabled.delete(work);
    return left <= 0;
  }
  /** work_busy(). */
  busy(work: Ptr): number { return (this.isPending(work) ? WORK_BUSY.PENDING : 0) | (this.#running(work) ? WORK_BUSY.RUNNING : 0); }
}
