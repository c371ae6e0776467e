// Completions: "done" counts that tasks wait for, in order. Linux: kernel/sched/completion.c, swait.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { BlockedList } from './blocked-list.ts';
import type { Scheduler } from './scheduler.ts';
import { MAX_SCHEDULE_TIMEOUT, TASK_RUNNING } from '../../abi/task-states.ts';

/** complete_all() leaves this many: a completion that never runs out (UINT_MAX). */
const DONE_FOR_EVER = 0xffff_ffff;

export class Completions {
  readonly #ram: Ram;
  readonly #scheduler: Scheduler;
  readonly #waiters: BlockedList;
  readonly #done: number;
  readonly #list: number;
  readonly #queueList: number;

  constructor(ram: Ram, abi: Abi, scheduler: Scheduler) {
    this.#ram = ram;
    this.#scheduler = scheduler;
    const completion = abi.struct('completion');
    this.#done = completion.offset('done');
    this.#list = completion.offset('wait.task_list');
    this.#queueList = abi.struct('swait_queue_head').offset('task_list');
    this.#waiters = new BlockedList(ram, scheduler, abi.struct('swait_queue'), 'task_list');
  }

  init(completion: Ptr): void {
    this.#ram.writeU32(completion + this.#done, 0);
    this.#waiters.init(completion + this.#list);
  }
  /** __init_swait_queue_head(): of the queue alone. */
  initQueue(queue: Ptr<'swait_queue_head'>): void {
    this.#ram.writeU32(queue, 0);
    this.#waiters.init(queue + this.#queueList);
  }
  complete(completion: Ptr): void {
    const done = this.#ram.readU32(completion + this.#done);
    if (done !== DONE_FOR_EVER) this.#ram.writeU32(completion + this.#done, done + 1);
    this.#waiters.wakeFirst(completion + this.#list);
  }
  completeAll(completion: Ptr): void {
    this.#ram.writeU32(completion + this.#done, DONE_FOR_EVER);
    while (this.#waiters.wakeFirst(completion + this.#list));
  }
  /** completion_done(). */
  isDone(completion: Ptr): boolean { return this.#ram.readU32(completion + this.#done) !== 0; }
  /** try_wait_for_completion(). */
  tryWait(completion: Ptr): boolean {
    if (!this.isDone(completion)) return false;
    this.#consume(completion);
    return true;
  }

  /**
   * Waits in `state` for at most `timeout` jiffies. Returns the jiffies left (at least 1), 0 when the time ran out, -ERESTARTSYS when
   * a signal came that the state admits.
   */
  *wait(completion: Ptr, state: number, timeout = MAX_SCHEDULE_TIMEOUT): Sleeping<number> {
    const scheduler = this.#scheduler;
    let left = timeout;
    if (!this.isDone(completion)) {
      const task = scheduler.current;
      try {
        do {
          if (scheduler.hasSignalFor(state)) return -ERRNO.ERESTARTSYS;
          this.#waiters.enqueueCurrent(completion + this.#list);
          scheduler.setState(state);
          left = yield* scheduler.scheduleTimeout(left);
        } while (!this.isDone(completion) && left > 0);
      } finally {
        scheduler.setState(TASK_RUNNING);
        this.#waiters.dequeue(task);
      }
      if (!this.isDone(completion)) return 0;
    }
    this.#consume(completion);
    return Math.max(left, 1);
  }

  #consume(completion: Ptr): void {
    const done = this.#ram.readU32(completion + this.#done);
    if (done !== DONE_FOR_EVER) this.#ram.writeU32(completion + this.#done, done - 1);
  }
}
