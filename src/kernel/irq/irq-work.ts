// irq_work: a function to be called in hardirq context, from wherever that is asked for. Linux: kernel/irq_work.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import { type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import type { PendingInterrupts } from './pending.ts';
import { TASK_UNINTERRUPTIBLE } from './task-states.ts';

/** irq_work.node.a_flags: queued, and queued or being called (include/linux/smp_types.h). */
const PENDING = 1;
const BUSY = 2;
/** To be called at the next tick, not at once. */
const LAZY = 4;
const TYPE_IRQ_WORK = 0x20;

export interface IrqWorkDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly pending: PendingInterrupts;
  readonly context: { preemptCount: number };
  readonly callSite: (name: string) => Ptr;
  /** Nanoseconds since boot at which the next tick comes. */
  readonly nextTickNs: () => number;
}

export class IrqWorks {
  readonly #deps: IrqWorkDeps;
  readonly #flags: number;
  readonly #func: number;
  readonly #site: Ptr;
  readonly #waiters = new Map<Ptr, Set<Task>>();

  constructor(deps: IrqWorkDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct<string>('irq_work');
    this.#flags = layout.offset('node.a_flags');
    this.#func = layout.offset('func');
    this.#site = deps.callSite('irq_work_single');
  }

  /** irq_work_queue(): false when it is queued already. */
  queue(work: Ptr<'irq_work'>): boolean {
    const { ram, context, pending, scheduler, nextTickNs } = this.#deps;
    const flags = ram.readU32(work + this.#flags);
    if ((flags & PENDING) !== 0) return false;
    ram.writeU32(work + this.#flags, flags | PENDING | BUSY | TYPE_IRQ_WORK);
    context.preemptCount++;
    if ((flags & LAZY) !== 0) scheduler.events.add(nextTickNs(), () => this.#call(work));
    else pending.raise(() => this.#call(work));
    context.preemptCount--;
    return true;
  }
  /** irq_work_sync(): returns once the function is not called any more. */
  *sync(work: Ptr<'irq_work'>): Sleeping<void> {
    const { ram, scheduler } = this.#deps;
    // might_sleep(): a thread that the function has woken goes first.
    if (scheduler.hasRunnable) yield* scheduler.schedule();
    while ((ram.readU32(work + this.#flags) & BUSY) !== 0) {
      let waiters = this.#waiters.get(work);
      if (!waiters) this.#waiters.set(work, waiters = new Set());
      waiters.add(scheduler.current);
      scheduler.setState(TASK_UNINTERRUPTIBLE);
      yield* scheduler.schedule();
    }
  }

  #call(work: Ptr<'irq_work'>): void {
    const { ram, cpu, scheduler } = this.#deps;
    const flags = ram.readU32(work + this.#flags) & ~PENDING;
    ram.writeU32(work + this.#flags, flags);
    cpu.call(ram.readPtr(work + this.#func), [work], this.#site);
    // Unless it was queued again meanwhile.
    if (ram.readU32(work + this.#flags) === flags) ram.writeU32(work + this.#flags, flags & ~BUSY);
    const waiters = this.#waiters.get(work);
    this.#waiters.delete(work);
    for (const waiter of waiters ?? []) scheduler.wake(waiter);
  }
}

export function irqWorkExports(works: IrqWorks): ExportTable {
  type Work = Ptr<'irq_work'>;
  return {
    irq_work_queue: fn('irq_work_queue', (work: Work) => works.queue(work)),
    irq_work_sync: sleeping('irq_work_sync', (work: Work) => works.sync(work)),
  };
}
