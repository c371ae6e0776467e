// The read side of RCU: sections nest in the task (PREEMPT_RCU: task_struct.rcu_read_lock_nesting), so a grace period can tell
// who is inside. Linux: kernel/rcu/tree_plugin.h.

import type { Abi, Field } from '../../abi/abi.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { Tasks } from '../services.ts';

export class RcuReadSide {
  readonly #ram: Ram;
  readonly #tasks: Tasks;
  readonly #nesting: Field<number>;

  constructor(ram: Ram, abi: Abi, tasks: Tasks) {
    this.#ram = ram;
    this.#tasks = tasks;
    this.#nesting = abi.struct('task_struct').field('rcu_read_lock_nesting');
  }

  lock(): void { this.#add(1); }
  unlock(): void { this.#add(-1); }

  #add(delta: number): void {
    const { address } = this.#tasks.current;
    this.#nesting.write(this.#ram, address, this.#nesting.read(this.#ram, address) + delta);
  }
}

export const rcuReadExports = (rcu: RcuReadSide): ExportTable => ({
  __rcu_read_lock: fn('__rcu_read_lock', () => { rcu.lock(); }),
  __rcu_read_unlock: fn('__rcu_read_unlock', () => { rcu.unlock(); }),
});
