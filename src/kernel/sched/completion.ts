// Completions: "done" counts that tasks wait for, in order. Linux: kernel/sched/completion.c, swait.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import { listAddTail, listDelInit, listInit, listIsEmpty, listNext } from '../../abi/list-head.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from './scheduler.ts';
import { MAX_SCHEDULE_TIMEOUT, TASK_NORMAL, TASK_RUNNING } from './task.ts';

/** complete_all() leaves this many: a completion that never runs out (UINT_MAX). */
const DONE_FOR_EVER = 0xffff_ffff;

export interface CompletionDeps { readonly ram: Ram; readonly abi: Abi; readonly scheduler: Scheduler }

export class Completions {
  readonly #deps: CompletionDeps;
  readonly #done: number;
  readonly #list: number;
  /** `struct swait_queue`: stands in the waiting task's wait slot. */
  readonly #waiter: { readonly task: number; readonly list: number };

  constructor(deps: CompletionDeps) {
    this.#deps = deps;
    const completion = deps.abi.struct('completion');
    const waiter = deps.abi.struct('swait_queue');
    this.#done = completion.offset('done');
    this.#list = completion.offset('wait.task_list');
    this.#waiter = { task: waiter.offset('task'), list: waiter.offset('task_list') };
  }

  /** init_swait_queue_head() of the queue inside. */
  init(completion: Ptr): void {
    this.#deps.ram.writeU32(completion + this.#done, 0);
    listInit(this.#deps.ram, completion + this.#list);
  }
  complete(completion: Ptr): void {
    const { ram } = this.#deps;
    const done = ram.readU32(completion + this.#done);
    if (done !== DONE_FOR_EVER) ram.writeU32(completion + this.#done, done + 1);
    this.#wakeFirst(completion);
  }
  completeAll(completion: Ptr): void {
    this.#deps.ram.writeU32(completion + this.#done, DONE_FOR_EVER);
    while (this.#wakeFirst(completion));
  }
  /** completion_done(). */
  isDone(completion: Ptr): boolean { return this.#deps.ram.readU32(completion + this.#done) !== 0; }
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
    const { ram, scheduler } = this.#deps;
    let left = timeout;
    if (!this.isDone(completion)) {
      const link = this.#enqueue(completion);
      try {
        do {
          if (scheduler.hasSignalFor(state)) return -ERRNO.ERESTARTSYS;
          if (listIsEmpty(ram, link)) listAddTail(ram, link, completion + this.#list);
          scheduler.setState(state);
          left = yield* scheduler.scheduleTimeout(left);
        } while (!this.isDone(completion) && left > 0);
      } finally {
        scheduler.setState(TASK_RUNNING);
        if (!listIsEmpty(ram, link)) listDelInit(ram, link);
      }
      if (!this.isDone(completion)) return 0;
    }
    this.#consume(completion);
    return Math.max(left, 1);
  }

  #consume(completion: Ptr): void {
    const { ram } = this.#deps;
    const done = ram.readU32(completion + this.#done);
    if (done !== DONE_FOR_EVER) ram.writeU32(completion + this.#done, done - 1);
  }
  /** Queues the current task; returns the list link of its entry. */
  #enqueue(completion: Ptr): Ptr {
    const { ram, scheduler } = this.#deps;
    const entry = scheduler.current.waitSlot;
    ram.writePtr(entry + this.#waiter.task, scheduler.current.address);
    listAddTail(ram, entry + this.#waiter.list, completion + this.#list);
    return entry + this.#waiter.list;
  }
  #wakeFirst(completion: Ptr): boolean {
    const { ram, scheduler } = this.#deps;
    if (listIsEmpty(ram, completion + this.#list)) return false;
    const link = listNext(ram, completion + this.#list);
    const task = scheduler.taskAt(ram.readPtr(link - this.#waiter.list + this.#waiter.task));
    listDelInit(ram, link);
    if (task) scheduler.wake(task, TASK_NORMAL);
    return true;
  }
}
