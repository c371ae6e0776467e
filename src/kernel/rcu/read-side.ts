// The read side of RCU: sections nest in the task (PREEMPT_RCU: task_struct.rcu_read_lock_nesting), so a grace period can tell
// who is inside. Linux: kernel/rcu/tree_plugin.h.

import type { Abi } from '../../abi/abi.ts';
import type { Ram } from '../../base/ram.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';

export class RcuReadSide {
  readonly #ram: Ram;
  readonly #scheduler: Scheduler;
  readonly #nesting: number;
  /** Told when a task leaves its outermost section. */
  onLeave: (task: Task) => void = () => {};

  constructor(ram: Ram, abi: Abi, scheduler: Scheduler) {
    this.#ram = ram;
    this.#scheduler = scheduler;
    this.#nesting = abi.struct('task_struct').offset('rcu_read_lock_nesting');
  }

  lock(): void {
    const at = this.#scheduler.current.address + this.#nesting;
    this.#ram.writeU32(at, this.#ram.readU32(at) + 1);
  }
  unlock(): void {
    const task = this.#scheduler.current;
    const at = task.address + this.#nesting;
    const nesting = this.#ram.readU32(at) - 1;
    this.#ram.writeU32(at, nesting);
    if (nesting === 0) this.onLeave(task);
  }
  /** Tasks that are inside now. */
  inside(): Set<Task> {
    const found = new Set<Task>();
    for (const task of this.#scheduler.tasks()) if (!task.isDead && this.#ram.readI32(task.address + this.#nesting) > 0) found.add(task);
    return found;
  }
}
