// The part of the composition root that builds deferred work: tasklets, workqueues, RCU. Made when a module first imports from it,
// but for the read side of RCU, which counts from the first section on.

import type { Abi } from '../abi/abi.ts';
import type { Ptr } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';
import type { Cpu } from '../cpu/api.ts';
import type { ExportTable, VaList } from './exports/define.ts';
import { rcuExports } from './rcu/exports.ts';
import { Rcu } from './rcu/rcu.ts';
import { RcuReadSide } from './rcu/read-side.ts';
import { Srcu } from './rcu/srcu.ts';
import type { Scheduler } from './sched/scheduler.ts';
import type { Allocator, Log, Reporter } from './services.ts';
import type { InterruptContext, Softirqs } from './softirq/softirqs.ts';
import { taskletExports, Tasklets } from './softirq/tasklets.ts';
import { TICK_NS } from '../abi/clock-rates.ts';
import type { Time } from './time/time.ts';
import { DelayedWorks } from './workqueue/delayed-work.ts';
import { SystemWorkqueues, workqueueExports } from './workqueue/exports.ts';
import { Workqueues } from './workqueue/workqueues.ts';

export interface DeferredParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly softirqs: Softirqs;
  readonly time: Time;
  readonly context: InterruptContext;
  readonly allocator: Allocator;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly callSite: (name: string) => Ptr;
  readonly lockedUp: (symbol: string) => never;
  readonly format: (format: Ptr<'char'>, args: VaList) => string;
  /** Address of a function as %ps prints it. */
  readonly symbolName: (address: Ptr) => string;
  readonly kvfree: (address: Ptr) => void;
  readonly refuse: (what: string) => never;
}

export interface DeferredWork {
  readonly tasklets: Tasklets;
  readonly workqueues: Workqueues;
  readonly delayed: DelayedWorks;
  readonly system: SystemWorkqueues;
  readonly rcu: Rcu;
  readonly srcu: Srcu;
  readonly exports: () => ExportTable;
}

export function bootDeferredWork(parts: DeferredParts): DeferredWork {
  const { ram, abi, scheduler, softirqs, time, context, log, reporter, symbolName } = parts;
  const { clock, timers } = time;
  const jiffies = (): number => Number(clock.jiffies());
  const atNextTick = (run: () => void): void => { scheduler.events.add((Math.floor(clock.now() / TICK_NS) + 1) * TICK_NS, run); };
  const warned = new Set<string>();
  const tasklets = new Tasklets({ ...parts, atNextTick });
  const workqueues = new Workqueues({
    ...parts,
    checkAtomic: ({ task }, func) => {
      if (context.preemptCount === 0) return;
      log.printk(KERN_ERR, `BUG: workqueue leaked lock or atomic: ${task.comm}/0x${context.preemptCount.toString(16).padStart(8, '0')}/${task.pid}\n     last function: ${symbolName(func)}\n`);
      reporter.dumpStack('process_one_work');
    },
    warnDraining: (name) => {
      if (warned.has(name)) return;
      warned.add(name);
      reporter.warn({ file: 'kernel/workqueue.c', line: abi.kernelVersion[1] >= 12 ? 2262 : 1443, symbol: '__queue_work' }, '');
    },
  });
  const system = new SystemWorkqueues(workqueues);
  const delayed = new DelayedWorks({ ram, abi, timers, workqueues, jiffies });
  const readers = new RcuReadSide(ram, abi, scheduler);
  const rcu = new Rcu({ ...parts, clock, events: scheduler.events, readers });
  const srcu = new Srcu({
    ...parts,
    // biome-ignore lint/correctness/useYield: a callback does not sleep
    inWorker: (run) => { workqueues.queueOwn(system.get('system_wq'), function* () { run(); }); },
    bottomHalvesEnabled: () => softirqs.bottomHalvesEnabled(),
    warnBusy: () => reporter.warn({ file: 'kernel/rcu/srcutree.c', line: abi.kernelVersion[1] >= 12 ? 664 : 644, symbol: 'cleanup_srcu_struct' }, ''),
  });
  const exports = (): ExportTable => ({
    ...taskletExports(tasklets), ...rcuExports({ readers, rcu, srcu, kvfree: parts.kvfree }),
    ...workqueueExports({ ...parts, workqueues, delayed, rcu, isInInterrupt: () => softirqs.isInInterrupt }, system),
  });
  return { tasklets, workqueues, delayed, system, rcu, srcu, exports };
}

const KERN_ERR = 3;
