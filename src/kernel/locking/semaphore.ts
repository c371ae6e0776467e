// Counting semaphores. Linux: kernel/locking/semaphore.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import { TASK_RUNNING } from '../../abi/task-states.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { BlockedList } from '../sched/blocked-list.ts';
import type { Scheduler } from '../sched/scheduler.ts';

export interface SemaphoreDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly scheduler: Scheduler;
  /** Waiters linked by `struct semaphore_waiter`. */
  readonly waiters: BlockedList;
}

export class Semaphores {
  readonly #deps: SemaphoreDeps;
  readonly #count: number;
  readonly #waitList: number;

  constructor(deps: SemaphoreDeps) {
    const layout = deps.abi.struct('semaphore');
    this.#deps = deps;
    this.#count = layout.offset('count');
    this.#waitList = layout.offset('wait_list');
  }

  trydown(semaphore: Ptr): boolean {
    const count = this.#deps.ram.readU32(semaphore + this.#count);
    if (count === 0) return false;
    this.#deps.ram.writeU32(semaphore + this.#count, count - 1);
    return true;
  }
  /** 0, -EINTR on a signal that `state` admits, -ETIME when `timeout` jiffies have passed. */
  down(semaphore: Ptr, state: number, timeout: number): number | Sleeping<number> { return this.trydown(semaphore) ? 0 : this.#wait(semaphore, state, timeout); }

  *#wait(semaphore: Ptr, state: number, timeout: number): Sleeping<number> {
    const { scheduler, waiters } = this.#deps;
    const task = scheduler.current;
    waiters.enqueueCurrent(semaphore + this.#waitList);
    let left = timeout;
    try {
      // up() takes the task off the list: it has the semaphore then.
      while (task.isQueued) {
        if (scheduler.hasSignalFor(state)) return -ERRNO.EINTR;
        if (left <= 0) return -ERRNO.ETIME;
        scheduler.setState(state);
        left = yield* scheduler.scheduleTimeout(left);
      }
      return 0;
    } finally {
      scheduler.setState(TASK_RUNNING);
      waiters.dequeue(task);
    }
  }

  up(semaphore: Ptr): void {
    const { ram, waiters } = this.#deps;
    if (!waiters.wakeFirst(semaphore + this.#waitList)) ram.writeU32(semaphore + this.#count, ram.readU32(semaphore + this.#count) + 1);
  }
}
