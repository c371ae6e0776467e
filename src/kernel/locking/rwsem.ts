// Reader-writer semaphores. The count word is Linux's: bit 0 a writer, bit 1 somebody waits, readers in steps of 256.
// Linux: kernel/locking/rwsem.c.
// Differs from Linux: no optimistic spinning; a woken waiter owns the semaphore before it runs, so nobody overtakes.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import { TASK_RUNNING, TASK_UNINTERRUPTIBLE } from '../../abi/task-states.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { BlockedList } from '../sched/blocked-list.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';

const WRITER = 1;
const WAITERS = 2;
const READER = 256;
/** Low bits of the owner word of a reader-owned semaphore (RWSEM_READER_OWNED). */
const READER_OWNED = 1;

export interface RwsemDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly scheduler: Scheduler;
  /** Waiters linked by `struct rwsem_waiter`. */
  readonly waiters: BlockedList;
}

export class Rwsems {
  readonly #deps: RwsemDeps;
  readonly #offset: { readonly count: number; readonly owner: number; readonly waitList: number; readonly sizeBytes: number };
  readonly #wantsWrite = new WeakSet<Task>();

  constructor(deps: RwsemDeps) {
    const layout = deps.abi.struct('rw_semaphore');
    this.#deps = deps;
    this.#offset = { count: layout.offset('count'), owner: layout.offset('owner'), waitList: layout.offset('wait_list'), sizeBytes: layout.sizeBytes };
  }

  init(sem: Ptr): void {
    this.#deps.ram.fill(sem, this.#offset.sizeBytes);
    this.#deps.waiters.init(sem + this.#offset.waitList);
  }
  tryRead(sem: Ptr): boolean {
    const count = this.#count(sem);
    if ((count & (WRITER | WAITERS)) !== 0) return false;
    this.#grant(sem, this.#deps.scheduler.current, false);
    return true;
  }
  tryWrite(sem: Ptr): boolean {
    if (this.#count(sem) !== 0) return false;
    this.#grant(sem, this.#deps.scheduler.current, true);
    return true;
  }
  read(sem: Ptr, state: number): number | Sleeping<number> { return this.tryRead(sem) ? 0 : this.#wait(sem, state, false); }
  write(sem: Ptr, state: number): number | Sleeping<number> { return this.tryWrite(sem) ? 0 : this.#wait(sem, state, true); }
  upRead(sem: Ptr): void {
    this.#setCount(sem, this.#count(sem) - READER);
    this.#wakeNext(sem);
  }
  upWrite(sem: Ptr): void {
    this.#deps.ram.writePtr(sem + this.#offset.owner, 0);
    this.#setCount(sem, this.#count(sem) - WRITER);
    this.#wakeNext(sem);
  }
  /** The writer stays as a reader; readers that wait at the front come in. */
  downgrade(sem: Ptr): void {
    this.#setCount(sem, this.#count(sem) - WRITER + READER);
    this.#deps.ram.writePtr(sem + this.#offset.owner, this.#deps.scheduler.current.address + READER_OWNED);
    this.#wakeNext(sem);
  }

  /** Runs `work` with the semaphore held for reading. */
  *whileReading<T>(sem: Ptr, work: () => Sleeping<T>): Sleeping<T> {
    const granted = this.read(sem, TASK_UNINTERRUPTIBLE);
    if (typeof granted !== 'number') yield* granted;
    try {
      return yield* work();
    } finally {
      this.upRead(sem);
    }
  }
  /** Runs `work` with the semaphore held for writing. */
  *whileWriting<T>(sem: Ptr, work: () => T): Sleeping<T> {
    const granted = this.write(sem, TASK_UNINTERRUPTIBLE);
    if (typeof granted !== 'number') yield* granted;
    try {
      return work();
    } finally {
      this.upWrite(sem);
    }
  }

  *#wait(sem: Ptr, state: number, isWrite: boolean): Sleeping<number> {
    const { scheduler, waiters } = this.#deps;
    const task = scheduler.current;
    if (isWrite) this.#wantsWrite.add(task);
    else this.#wantsWrite.delete(task);
    waiters.enqueueCurrent(sem + this.#offset.waitList);
    this.#setCount(sem, this.#count(sem) | WAITERS);
    try {
      while (task.isQueued) {
        if (scheduler.hasSignalFor(state)) return -ERRNO.EINTR;
        scheduler.setState(state);
        yield* scheduler.schedule();
      }
      return 0;
    } finally {
      scheduler.setState(TASK_RUNNING);
      if (task.isQueued) {
        waiters.dequeue(task);
        this.#wakeNext(sem);
      }
    }
  }

  /** Lets in the first writer, or all readers up to the next writer. */
  #wakeNext(sem: Ptr): void {
    const { waiters } = this.#deps;
    const list = sem + this.#offset.waitList;
    for (let task = waiters.first(list); task; task = waiters.first(list)) {
      const isWrite = this.#wantsWrite.has(task);
      const count = this.#count(sem) & ~WAITERS;
      if ((count & WRITER) !== 0 || (isWrite && count !== 0)) break;
      waiters.wakeFirst(list);
      this.#grant(sem, task, isWrite);
      if (isWrite) break;
    }
    const count = this.#count(sem);
    this.#setCount(sem, waiters.isEmpty(list) ? count & ~WAITERS : count | WAITERS);
  }
  #grant(sem: Ptr, task: Task, isWrite: boolean): void {
    this.#setCount(sem, this.#count(sem) + (isWrite ? WRITER : READER));
    this.#deps.ram.writePtr(sem + this.#offset.owner, task.address + (isWrite ? 0 : READER_OWNED));
  }
  #count(sem: Ptr): number { return this.#deps.ram.readI32(sem + this.#offset.count); }
  #setCount(sem: Ptr, count: number): void { this.#deps.ram.writePtr(sem + this.#offset.count, count); }
}
