// Mutexes: the owner word in RAM is Linux's (task pointer and flags), waiters queue in order and are handed the lock.
// Linux: kernel/locking/mutex.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import { TASK_RUNNING } from '../../abi/task-states.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { BlockedList } from '../sched/blocked-list.ts';
import type { Scheduler } from '../sched/scheduler.ts';

/** Low bits of the owner word: somebody waits; the lock is to be handed to the first waiter. */
const FLAG_WAITERS = 1;
const FLAGS = 7;

export interface MutexDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly scheduler: Scheduler;
  /** Waiters linked by `struct mutex_waiter`. */
  readonly waiters: BlockedList;
}

export class Mutexes {
  readonly #deps: MutexDeps;
  readonly #owner: number;
  readonly #waitList: number;
  readonly #sizeBytes: number;

  constructor(deps: MutexDeps) {
    const layout = deps.abi.struct('mutex');
    this.#deps = deps;
    this.#owner = layout.offset('owner');
    this.#waitList = layout.offset('wait_list');
    this.#sizeBytes = layout.sizeBytes;
  }

  /** __mutex_init(). */
  init(mutex: Ptr): void {
    this.#deps.ram.fill(mutex, this.#sizeBytes);
    this.#deps.waiters.init(mutex + this.#waitList);
  }
  isLocked(mutex: Ptr): boolean { return this.ownerOf(mutex) !== 0; }
  ownerOf(mutex: Ptr): Ptr<'task_struct'> { return this.#word(mutex) - this.#flags(mutex); }

  trylock(mutex: Ptr): boolean {
    if (this.isLocked(mutex)) return false;
    this.#setOwner(mutex, this.#deps.scheduler.current.address);
    return true;
  }
  /** Locks now, or a generator that waits for it in `state`; -EINTR when a signal came that the state admits. */
  lock(mutex: Ptr, state: number): number | Sleeping<number> { return this.trylock(mutex) ? 0 : this.#wait(mutex, state); }

  *#wait(mutex: Ptr, state: number): Sleeping<number> {
    const { scheduler, waiters, ram } = this.#deps;
    const task = scheduler.current;
    waiters.enqueueCurrent(mutex + this.#waitList);
    ram.writePtr(mutex + this.#owner, this.#word(mutex) - this.#flags(mutex) + FLAG_WAITERS);
    try {
      while (this.ownerOf(mutex) !== task.address) {
        if (scheduler.hasSignalFor(state)) return -ERRNO.EINTR;
        scheduler.setState(state);
        yield* scheduler.schedule();
      }
      return 0;
    } finally {
      scheduler.setState(TASK_RUNNING);
      waiters.dequeue(task);
      if (waiters.isEmpty(mutex + this.#waitList)) ram.writePtr(mutex + this.#owner, this.ownerOf(mutex));
    }
  }

  /** The first waiter becomes the owner before it runs: nobody overtakes it. */
  unlock(mutex: Ptr): void {
    const { waiters } = this.#deps;
    const next = waiters.wakeFirst(mutex + this.#waitList);
    this.#setOwner(mutex, next?.address ?? 0);
  }

  #word(mutex: Ptr): number { return this.#deps.ram.readPtr(mutex + this.#owner); }
  #flags(mutex: Ptr): number { return this.#deps.ram.readU8(mutex + this.#owner) & FLAGS; }
  #setOwner(mutex: Ptr, task: Ptr): void {
    const hasWaiters = !this.#deps.waiters.isEmpty(mutex + this.#waitList);
    this.#deps.ram.writePtr(mutex + this.#owner, task + (hasWaiters && task !== 0 ? FLAG_WAITERS : 0));
  }
}
