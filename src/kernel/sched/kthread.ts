// Kernel threads: created stopped, started by a wake, ended by returning or when kthread_stop() asks. Linux: kernel/kthread.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import { Errno, TaskKilled } from '../errors.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';
import { PF_KTHREAD, TASK_DEAD, TASK_INTERRUPTIBLE, TASK_RUNNING, TASK_UNINTERRUPTIBLE } from '../../abi/task-states.ts';

interface Kthread {
  shouldStop: boolean;
  shouldPark: boolean;
  isParked: boolean;
  result: number;
  /** Tasks that wait for it to end or to park. */
  readonly watchers: Set<Task>;
}

/** Thrown to end a thread from inside (kthread_exit and its kin). */
class ThreadExit {
  readonly code: number;
  constructor(code: number) { this.code = code; }
}

export interface KthreadDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly callSite: (name: string) => Ptr;
}

export class Kthreads {
  readonly #deps: KthreadDeps;
  readonly #flags: number;
  readonly #byTask = new WeakMap<Task, Kthread>();

  constructor(deps: KthreadDeps) {
    this.#deps = deps;
    this.#flags = deps.abi.struct('task_struct').offset('flags');
  }

  /** A thread that waits for its first wake. */
  create(threadFn: Ptr, data: Ptr, name: string): Task {
    const { scheduler, ram } = this.#deps;
    const task = scheduler.create(name, (self) => this.#run(self, threadFn, data), TASK_UNINTERRUPTIBLE);
    ram.writeU32(task.address + this.#flags, ram.readU32(task.address + this.#flags) | PF_KTHREAD);
    this.#byTask.set(task, { shouldStop: false, shouldPark: false, isParked: false, result: 0, watchers: new Set() });
    return task;
  }

  *#run(task: Task, threadFn: Ptr, data: Ptr): Sleeping<void> {
    const { cpu, scheduler, callSite } = this.#deps;
    const thread = this.#of(task);
    // Stopped before it ever ran: the function is not called (Linux: -EINTR).
    thread.result = -ERRNO.EINTR;
    try {
      if (!thread.shouldStop) thread.result = Number(BigInt.asIntN(32, BigInt(yield* cpu.callSleeping(threadFn, [data], callSite('kthread')))));
    } catch (error) {
      if (error instanceof ThreadExit) thread.result = error.code;
      else if (error instanceof TaskKilled) thread.result = -ERRNO.EINTR;
      else throw error;
    }
    scheduler.setState(TASK_DEAD);
    this.#notify(thread);
  }

  /** kthread_exit(): never returns. */
  exit(code: number): never { throw new ThreadExit(code); }

  /** kthread_stop(): asks, wakes and waits; what the thread function returned. */
  *stop(task: Task): Sleeping<number> {
    const { scheduler } = this.#deps;
    const thread = this.#of(task);
    thread.shouldStop = true;
    this.unpark(task);
    scheduler.start(task);
    while (!task.isDead) yield* this.#watch(thread);
    scheduler.reap(task);
    return thread.result;
  }
  /** kthread_should_stop() of the current thread; false for a task that is none. */
  shouldStop(): boolean { return this.#byTask.get(this.#deps.scheduler.current)?.shouldStop ?? false; }
  shouldPark(): boolean { return this.#byTask.get(this.#deps.scheduler.current)?.shouldPark ?? false; }

  /** kthread_park(): returns when the thread has parked itself. */
  *park(task: Task): Sleeping<number> {
    const thread = this.#of(task);
    if (task.isDead) return -ERRNO.ENOSYS;
    if (thread.shouldPark) return -ERRNO.EBUSY;
    thread.shouldPark = true;
    this.#deps.scheduler.start(task);
    while (!thread.isParked && !task.isDead) yield* this.#watch(thread);
    return 0;
  }
  unpark(task: Task): void {
    const thread = this.#of(task);
    thread.shouldPark = false;
    if (thread.isParked) this.#deps.scheduler.start(task);
  }
  /** kthread_parkme(): sleeps for as long as it is to be parked. */
  *parkMe(): Sleeping<void> {
    const { scheduler } = this.#deps;
    const thread = this.#of(scheduler.current);
    while (thread.shouldPark) {
      thread.isParked = true;
      this.#notify(thread);
      scheduler.setState(TASK_INTERRUPTIBLE);
      yield* scheduler.schedule();
    }
    thread.isParked = false;
    scheduler.setState(TASK_RUNNING);
  }

  #of(task: Task): Kthread {
    const thread = this.#byTask.get(task);
    if (!thread) throw new Errno('EINVAL', `${task.comm} is no kernel thread`);
    return thread;
  }
  *#watch(thread: Kthread): Sleeping<void> {
    const { scheduler } = this.#deps;
    thread.watchers.add(scheduler.current);
    scheduler.setState(TASK_UNINTERRUPTIBLE);
    yield* scheduler.schedule();
  }
  #notify(thread: Kthread): void {
    for (const watcher of thread.watchers) this.#deps.scheduler.wake(watcher);
    thread.watchers.clear();
  }
}
