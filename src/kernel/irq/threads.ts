// Threads of threaded handlers: one per action, woken by the handler in hardirq context. Linux: irq_thread() in kernel/irq/manage.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import { TaskKilled } from '../errors.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import type { IrqAction, IrqActions } from './actions.ts';
import type { Chips } from './chips.ts';
import type { IrqLine } from './descriptors.ts';
import { IRQCHIP, IRQD } from './flags.ts';
import { TASK_DEAD, TASK_INTERRUPTIBLE, TASK_RUNNING, TASK_UNINTERRUPTIBLE } from './task-states.ts';

export interface IrqThreadDeps {
  readonly ram: Ram;
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly actions: IrqActions;
  readonly chips: Chips;
  readonly callSite: (name: string) => Ptr;
}

export class IrqThreads {
  readonly #deps: IrqThreadDeps;

  constructor(deps: IrqThreadDeps) { this.#deps = deps; }

  start(action: IrqAction): void {
    const name = `irq/${action.line.irq}-${this.#deps.actions.nameOf(action)}`;
    action.thread = this.#deps.scheduler.createKernelThread(name, (task) => this.#run(action, task));
  }
  /** __irq_wake_thread(): the line counts as busy until the thread is through. */
  wake(action: IrqAction): void {
    const { line, thread } = action;
    if (!thread || thread.isDead || action.hasWork) return;
    action.hasWork = true;
    line.threadsOneshot |= action.mask;
    line.activeThreads++;
    this.#deps.scheduler.wake(thread);
  }
  /** Ends the thread, after what it has to do. */
  *stop(action: IrqAction): Sleeping<void> {
    const { scheduler } = this.#deps;
    const { thread, line } = action;
    if (!thread) return;
    action.isStopping = true;
    scheduler.wake(thread);
    while (!thread.isDead) yield* this.#wait(line);
    scheduler.reap(thread);
    action.thread = undefined;
  }
  /** synchronize_irq(): until no thread of the line is at work. */
  *synchronize(line: IrqLine): Sleeping<void> {
    while (line.activeThreads > 0) yield* this.#wait(line);
  }

  *#run(action: IrqAction, task: Task): Sleeping<void> {
    const { cpu, scheduler, callSite } = this.#deps;
    const { line } = action;
    try {
      for (;;) {
        while (!action.hasWork) {
          if (action.isStopping) return;
          scheduler.setState(TASK_INTERRUPTIBLE);
          yield* scheduler.schedule();
        }
        scheduler.setState(TASK_RUNNING);
        action.hasWork = false;
        yield* cpu.callSleeping(action.threadFn, [line.irq, action.devId], callSite('irq_thread_fn'));
        this.#finish(action);
      }
    } catch (error) {
      if (!(error instanceof TaskKilled)) throw error;
      this.#finish(action);
    } finally {
      task.isDead = true;
      scheduler.setState(TASK_DEAD);
      this.#notify(line);
    }
  }
  #finish(action: IrqAction): void {
    const { line } = action;
    if (action.mask !== 0n && !action.hasWork) this.#endOneshot(action);
    line.activeThreads--;
    this.#notify(line);
  }
  /** irq_finalize_oneshot(): the last thread of a one-shot line unmasks it. */
  #endOneshot({ line, mask }: IrqAction): void {
    const { chips } = this.#deps;
    line.threadsOneshot &= ~mask;
    if (line.threadsOneshot !== 0n || line.has(IRQD.DISABLED) || !line.has(IRQD.MASKED)) return;
    if ((chips.flags(line) & IRQCHIP.EOI_THREADED) !== 0) chips.call(line, 'irq_eoi');
    chips.unmask(line);
  }

  *#wait(line: IrqLine): Sleeping<void> {
    const { scheduler } = this.#deps;
    line.waiters.add(scheduler.current);
    scheduler.setState(TASK_UNINTERRUPTIBLE);
    yield* scheduler.schedule();
  }
  #notify(line: IrqLine): void {
    for (const waiter of line.waiters) this.#deps.scheduler.wake(waiter);
    line.waiters.clear();
  }
}
