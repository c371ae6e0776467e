// Tasklets: functions that run once per scheduling, in a softirq, never beside themselves. The state word and the count of disablings
// are the ones that inlined code changes. Linux: kernel/softirq.c.
// Differs from Linux: one that is scheduled while it is disabled is looked at again every tick, not in a loop.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import { type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import { TASK_UNINTERRUPTIBLE } from '../../abi/task-states.ts';
import type { Log } from '../services.ts';
import type { SoftirqNumber, Softirqs } from './softirqs.ts';
import { SOFTIRQ } from '../../abi/softirq-numbers.ts';

/** Bits of tasklet_struct.state. */
const SCHEDULED = 1;
const RUNNING = 2;
const KERN_NOTICE = 5;

export interface TaskletDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly log: Log;
  readonly scheduler: Scheduler;
  readonly softirqs: Softirqs;
  readonly callSite: (name: string) => Ptr;
  readonly lockedUp: (symbol: string) => never;
  /** Runs a function at the next tick. */
  readonly atNextTick: (run: () => void) => void;
}

export class Tasklets {
  readonly #deps: TaskletDeps;
  readonly #offset: { readonly state: number; readonly count: number; readonly useCallback: number; readonly func: number; readonly data: number; readonly sizeBytes: number };
  readonly #waiting = new Set<Task>();
  readonly schedule: (tasklet: Ptr) => void;
  readonly scheduleHigh: (tasklet: Ptr) => void;

  constructor(deps: TaskletDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct('tasklet_struct');
    this.#offset = {
      state: layout.offset('state'), count: layout.offset('count'), useCallback: layout.offset('use_callback'), func: layout.offset('func'), data: layout.offset('data'),
      sizeBytes: layout.sizeBytes,
    };
    this.schedule = this.#queue(SOFTIRQ.TASKLET, 'tasklet_action_common');
    this.scheduleHigh = this.#queue(SOFTIRQ.HI, 'tasklet_action_common');
  }

  /** A queue served by a softirq; returns what appends to it. */
  #queue(softirq: SoftirqNumber, symbol: string): (tasklet: Ptr) => void {
    const { softirqs, callSite, atNextTick } = this.#deps;
    let queue: Ptr[] = [];
    const site = callSite(symbol);
    softirqs.open(softirq, () => {
      const batch = queue;
      queue = [];
      for (const tasklet of batch) {
        if (this.#run(tasklet, site)) continue;
        queue.push(tasklet);
        if (queue.length === 1) atNextTick(() => softirqs.raise(softirq));
      }
    });
    return (tasklet) => {
      queue.push(tasklet);
      softirqs.raise(softirq);
    };
  }

  /** False when it is disabled. */
  #run(tasklet: Ptr, site: Ptr): boolean {
    const { ram, cpu, scheduler } = this.#deps;
    const { state, count, useCallback, func, data } = this.#offset;
    if (ram.readU32(tasklet + count) !== 0) return false;
    ram.writeU32(tasklet + state, (ram.readU32(tasklet + state) & ~SCHEDULED) | RUNNING);
    const target = ram.readPtr(tasklet + func);
    cpu.call(target, [ram.readU8(tasklet + useCallback) !== 0 ? tasklet : ram.readI64(tasklet + data)], site);
    ram.writeU32(tasklet + state, ram.readU32(tasklet + state) & ~RUNNING);
    for (const task of this.#waiting) scheduler.wake(task);
    this.#waiting.clear();
    return true;
  }

  init(tasklet: Ptr, func: Ptr, useCallback: boolean, data: bigint | number): void {
    const { ram } = this.#deps;
    ram.fill(tasklet, this.#offset.sizeBytes);
    ram.writePtr(tasklet + this.#offset.func, func);
    ram.writeU8(tasklet + this.#offset.useCallback, useCallback ? 1 : 0);
    ram.writeU64(tasklet + this.#offset.data, BigInt(data));
  }
  /** tasklet_kill(): waits until it has run, if it is scheduled. */
  *kill(tasklet: Ptr): Sleeping<void> {
    const { ram, scheduler, softirqs, log } = this.#deps;
    if (softirqs.isInInterrupt) log.printk(KERN_NOTICE, 'Attempt to kill tasklet from interrupt\n');
    while ((ram.readU32(tasklet + this.#offset.state) & SCHEDULED) !== 0) {
      this.#waiting.add(scheduler.current);
      scheduler.setState(TASK_UNINTERRUPTIBLE);
      yield* scheduler.schedule();
    }
  }
  /** tasklet_unlock(). */
  unlock(tasklet: Ptr): void { this.#deps.ram.writeU32(tasklet + this.#offset.state, this.#deps.ram.readU32(tasklet + this.#offset.state) & ~RUNNING); }
  /** tasklet_unlock_wait(): with one CPU only the tasklet itself can find itself running. */
  waitForEnd(tasklet: Ptr, symbol: string): void {
    if ((this.#deps.ram.readU32(tasklet + this.#offset.state) & RUNNING) !== 0) this.#deps.lockedUp(symbol);
  }
}

export function taskletExports(tasklets: Tasklets): ExportTable {
  type Tasklet = Ptr<'tasklet_struct'>;
  return {
    tasklet_init: fn('tasklet_init', (tasklet: Tasklet, func: Ptr, data: number) => { tasklets.init(tasklet, func, false, data); }),
    tasklet_setup: fn('tasklet_setup', (tasklet: Tasklet, callback: Ptr) => { tasklets.init(tasklet, callback, true, 0); }),
    __tasklet_schedule: fn('__tasklet_schedule', (tasklet: Tasklet) => { tasklets.schedule(tasklet); }),
    __tasklet_hi_schedule: fn('__tasklet_hi_schedule', (tasklet: Tasklet) => { tasklets.scheduleHigh(tasklet); }),
    tasklet_kill: sleeping('tasklet_kill', (tasklet: Tasklet) => tasklets.kill(tasklet)),
    tasklet_unlock: fn('tasklet_unlock', (tasklet: Tasklet) => { tasklets.unlock(tasklet); }),
    tasklet_unlock_wait: fn('tasklet_unlock_wait', (tasklet: Tasklet) => { tasklets.waitForEnd(tasklet, 'tasklet_unlock_wait'); }),
    tasklet_unlock_spin_wait: fn('tasklet_unlock_spin_wait', (tasklet: Tasklet) => { tasklets.waitForEnd(tasklet, 'tasklet_unlock_spin_wait'); }),
  };
}
