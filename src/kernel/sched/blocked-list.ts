// Tasks that wait at a kernel object, first come first served, on the object's own list head in RAM: each is linked by an entry
// in its wait slot, as Linux links one from the waiter's stack. What mutexes, semaphores and completions share.

import type { StructLayout } from '../../abi/abi.ts';
import { listAddTail, listDelInit, listInit, listIsEmpty, listNext } from '../../abi/list-head.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';
import { TASK_NORMAL } from '../../abi/task-states.ts';

export class BlockedList {
  readonly #ram: Ram;
  readonly #scheduler: Scheduler;
  readonly #link: number;
  readonly #task: number;

  /** `waiter` is the struct that Linux links, with the names of its link and task members. */
  constructor(ram: Ram, scheduler: Scheduler, waiter: StructLayout, link: string, task = 'task') {
    this.#ram = ram;
    this.#scheduler = scheduler;
    this.#link = waiter.offset(link);
    this.#task = waiter.offset(task);
  }

  init(head: Ptr): void { listInit(this.#ram, head); }
  isEmpty(head: Ptr): boolean { return listIsEmpty(this.#ram, head); }

  /** Appends the current task unless it is queued. */
  enqueueCurrent(head: Ptr): void {
    const task = this.#scheduler.current;
    if (task.isQueued) return;
    task.isQueued = true;
    this.#ram.writePtr(task.waitSlot + this.#task, task.address);
    listAddTail(this.#ram, task.waitSlot + this.#link, head);
  }
  dequeue(task: Task): void {
    if (!task.isQueued) return;
    task.isQueued = false;
    listDelInit(this.#ram, task.waitSlot + this.#link);
  }
  first(head: Ptr): Task | undefined {
    if (this.isEmpty(head)) return undefined;
    return this.#scheduler.taskAt(this.#ram.readPtr(listNext(this.#ram, head) - this.#link + this.#task));
  }
  /** Takes the first task off the list and wakes it; undefined when nobody waits. */
  wakeFirst(head: Ptr): Task | undefined {
    const task = this.first(head);
    if (!task) return undefined;
    this.dequeue(task);
    this.#scheduler.wake(task, TASK_NORMAL);
    return task;
  }
}
