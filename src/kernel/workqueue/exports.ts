// Exported symbols of workqueues. Linux: kernel/workqueue.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Abi } from '../../abi/abi.ts';
import type { Cpu } from '../../cpu/api.ts';
import { Errno } from '../errors.ts';
import { data, type ExportTable, fn, since, sleeping, type VaList } from '../exports/define.ts';
import type { Rcu } from '../rcu/rcu.ts';
import type { DelayedWorks } from './delayed-work.ts';
import { type Workqueue, WQ } from './workqueue.ts';
import type { Workqueues } from './workqueues.ts';

export interface WorkqueueExportParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly workqueues: Workqueues;
  readonly delayed: DelayedWorks;
  readonly rcu: Rcu;
  readonly isInInterrupt: () => boolean;
  readonly callSite: (name: string) => Ptr;
  readonly format: (format: Ptr<'char'>, args: VaList) => string;
  /** Refuses by name what is not there. */
  readonly refuse: (what: string) => never;
}

type Work = Ptr<'work_struct'>;
type Delayed = Ptr<'delayed_work'>;
type RcuWork = Ptr<'rcu_work'>;
type Queue = Ptr<'workqueue_struct'>;

/** The system's own workqueues: name, flags. */
const SYSTEM: Readonly<Record<string, readonly [string, number]>> = {
  system_wq: ['events', 0], system_highpri_wq: ['events_highpri', WQ.HIGHPRI], system_long_wq: ['events_long', 0], system_unbound_wq: ['events_unbound', WQ.UNBOUND],
  system_freezable_wq: ['events_freezable', 1 << 2], system_power_efficient_wq: ['events_power_efficient', 1 << 7],
  system_freezable_power_efficient_wq: ['events_freezable_power_efficient', (1 << 2) | (1 << 7)],
};
/** Newer names for two of them. */
const ALIASES: Readonly<Record<string, string>> = { system_percpu_wq: 'system_wq', system_dfl_wq: 'system_unbound_wq' };

/** The system's workqueues by their symbols, made when they are first asked for. */
export class SystemWorkqueues {
  readonly #workqueues: Workqueues;
  readonly #made = new Map<string, Workqueue>();

  constructor(workqueues: Workqueues) { this.#workqueues = workqueues; }

  get(symbol: string): Workqueue {
    let queue = this.#made.get(symbol);
    if (!queue) {
      const [name, flags] = SYSTEM[symbol]!;
      queue = this.#workqueues.create(name, flags, 0);
      if (!queue) throw new Errno('ENOMEM', `no memory for ${symbol}`);
      this.#made.set(symbol, queue);
    }
    return queue;
  }
}

export function workqueueExports(parts: WorkqueueExportParts, system: SystemWorkqueues): ExportTable {
  return { ...queueExports(parts, system), ...workExports(parts), ...delayedExports(parts), ...rcuWorkExports(parts), ...callExports(parts, system) };
}

function queueExports({ ram, workqueues, format, refuse }: WorkqueueExportParts, system: SystemWorkqueues): ExportTable {
  const symbol = (name: string) => data(8, (addr) => ram.writePtr(addr, system.get(ALIASES[name] ?? name).address));
  return {
    ...Object.fromEntries(Object.keys(SYSTEM).map((name) => [name, symbol(name)])),
    ...Object.fromEntries(Object.keys(ALIASES).map((name) => [name, since([6, 12], symbol(name))])),
    alloc_workqueue: fn('alloc_workqueue', (name: Ptr<'char'>, flags: number, maxActive: number, args: VaList) => {
      if ((flags & WQ.BH) !== 0) refuse('a workqueue with WQ_BH');
      return workqueues.create(format(name, args), flags, maxActive)?.address ?? 0;
    }, 'NULL'),
    destroy_workqueue: sleeping('destroy_workqueue', (queue: Queue) => workqueues.destroy(workqueues.at(queue))),
    __flush_workqueue: sleeping('__flush_workqueue', (queue: Queue) => workqueues.flushQueue(workqueues.at(queue))),
    drain_workqueue: sleeping('drain_workqueue', (queue: Queue) => workqueues.drain(workqueues.at(queue))),
    workqueue_set_max_active: fn('workqueue_set_max_active', (address: Queue, maxActive: number) => {
      const queue = workqueues.at(address);
      queue.maxActive = Math.max(maxActive, 1);
      queue.activateNext();
    }),
    workqueue_congested: fn('workqueue_congested', (_cpu: number, queue: Queue) => (queue === 0 ? system.get('system_wq') : workqueues.at(queue)).isCongested),
  };
}

function workExports({ workqueues, format }: WorkqueueExportParts): ExportTable {
  const cancelSync = function* (work: Work) {
    const wasPending = workqueues.cancel(work);
    yield* workqueues.waitCancelled(work);
    return wasPending;
  };
  return {
    queue_work_on: fn('queue_work_on', (_cpu: number, queue: Queue, work: Work) => workqueues.queue(workqueues.at(queue), work)),
    queue_work_node: fn('queue_work_node', (_node: number, queue: Queue, work: Work) => workqueues.queue(workqueues.at(queue), work)),
    flush_work: sleeping('flush_work', (work: Work) => workqueues.flush(work)),
    cancel_work: fn('cancel_work', (work: Work) => workqueues.cancel(work)),
    cancel_work_sync: sleeping('cancel_work_sync', cancelSync),
    work_busy: fn('work_busy', (work: Work) => workqueues.busy(work)),
    current_work: fn('current_work', () => workqueues.currentWorker?.current?.address ?? 0),
    set_worker_desc: fn('set_worker_desc', (text: Ptr<'char'>, args: VaList) => {
      const worker = workqueues.currentWorker;
      if (worker) worker.description = format(text, args).slice(0, 23);
    }),
    disable_work: since([6, 12], fn('disable_work', (work: Ptr) => {
      workqueues.disable(work);
      return workqueues.cancel(work);
    })),
    disable_work_sync: since([6, 12], sleeping('disable_work_sync', function* (work: Ptr) {
      workqueues.disable(work);
      return yield* cancelSync(work);
    })),
    enable_work: since([6, 12], fn('enable_work', (work: Ptr) => workqueues.enable(work))),
  };
}

function delayedExports({ workqueues, delayed }: WorkqueueExportParts): ExportTable {
  return {
    delayed_work_timer_fn: fn('delayed_work_timer_fn', (timer: Ptr<'timer_list'>) => { delayed.expired(timer); }),
    queue_delayed_work_on: fn('queue_delayed_work_on', (cpu: number, queue: Queue, dwork: Delayed, delay: number) => delayed.queue(cpu, workqueues.at(queue), dwork, delay)),
    mod_delayed_work_on: fn('mod_delayed_work_on', (cpu: number, queue: Queue, dwork: Delayed, delay: number) => delayed.modify(cpu, workqueues.at(queue), dwork, delay)),
    flush_delayed_work: sleeping('flush_delayed_work', (dwork: Delayed) => delayed.flush(dwork)),
    cancel_delayed_work: fn('cancel_delayed_work', (dwork: Delayed) => delayed.cancel(dwork)),
    cancel_delayed_work_sync: sleeping('cancel_delayed_work_sync', (dwork: Delayed) => delayed.cancelSync(dwork)),
    disable_delayed_work: since([6, 12], fn('disable_delayed_work', (dwork: Ptr) => {
      workqueues.disable(dwork);
      return delayed.cancel(dwork);
    })),
    disable_delayed_work_sync: since([6, 12], sleeping('disable_delayed_work_sync', function* (dwork: Ptr) {
      workqueues.disable(dwork);
      return yield* delayed.cancelSync(dwork);
    })),
    enable_delayed_work: since([6, 12], fn('enable_delayed_work', (dwork: Ptr) => workqueues.enable(dwork))),
  };
}

function rcuWorkExports({ ram, abi, workqueues, rcu }: WorkqueueExportParts): ExportTable {
  const wq = abi.struct('rcu_work').offset('wq');
  return {
    queue_rcu_work: fn('queue_rcu_work', (queue: Queue, rwork: RcuWork) => {
      if (!workqueues.claim(rwork)) return false;
      ram.writePtr(rwork + wq, queue);
      rcu.call(() => workqueues.enqueue(workqueues.at(queue), rwork));
      return true;
    }),
    flush_rcu_work: sleeping('flush_rcu_work', function* (rwork: RcuWork) {
      const isWaiting = workqueues.isPending(rwork);
      if (isWaiting) yield* rcu.barrier();
      return (yield* workqueues.flush(rwork)) || isWaiting;
    }),
  };
}

function callExports({ cpu, abi, ram, workqueues, isInInterrupt, callSite }: WorkqueueExportParts, system: SystemWorkqueues): ExportTable {
  const workOnCpu = (symbol: string) => function* (_cpu: number, func: Ptr, arg: Ptr, _key: Ptr) {
    let result = 0;
    const item = workqueues.queueOwn(system.get('system_wq'), function* () { result = yield* cpu.callSleeping(func, [arg], callSite(symbol)); });
    yield* workqueues.waitForOwn(item);
    return result;
  };
  return {
    work_on_cpu_key: sleeping('work_on_cpu_key', workOnCpu('work_for_cpu_fn')),
    work_on_cpu_safe_key: sleeping('work_on_cpu_safe_key', workOnCpu('work_for_cpu_fn')),
    execute_in_process_context: sleeping('execute_in_process_context', function* (func: Ptr, context: Ptr<'execute_work'>) {
      const work = context + abi.struct('execute_work').offset('work');
      if (!isInInterrupt()) {
        yield* cpu.callSleeping(func, [work], callSite('execute_in_process_context'));
        return 0;
      }
      const layout = abi.struct('work_struct');
      ram.fill(work, layout.sizeBytes);
      ram.writePtr(work + layout.offset('entry.next'), work + layout.offset('entry'));
      ram.writePtr(work + layout.offset('entry.prev'), work + layout.offset('entry'));
      ram.writePtr(work + layout.offset('func'), func);
      workqueues.queue(system.get('system_wq'), work);
      return 1;
    }),
  };
}
