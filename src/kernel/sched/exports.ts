// Exported symbols of the scheduler: giving way, wait queues, completions, kernel threads. Linux: kernel/sched/, kernel/kthread.c,
// the sleeping functions of kernel/time/timer.c.

import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { type ExportTable, fn, sleeping, type VaList } from '../exports/define.ts';
import type { Completions } from './completion.ts';
import type { Kthreads } from './kthread.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';
import { TASK_INTERRUPTIBLE, TASK_NORMAL, TASK_RUNNING, TASK_UNINTERRUPTIBLE, TASK_WAKEKILL } from '../../abi/task-states.ts';
import type { WaitQueues } from './wait-queue.ts';

const KILLABLE = TASK_WAKEKILL | TASK_UNINTERRUPTIBLE;

export interface SchedulerExportParts {
  readonly ram: Ram;
  readonly scheduler: Scheduler;
  readonly waitQueues: WaitQueues;
  readonly completions: Completions;
  readonly kthreads: Kthreads;
  /** Formats a guest format string. */
  readonly format: (format: Ptr<'char'>, args: VaList) => string;
  readonly msecsToJiffies: (ms: number) => bigint;
  readonly jiffiesToMsecs: (jiffies: bigint) => number;
}

export function schedulerExports(parts: SchedulerExportParts): ExportTable {
  return { ...taskExports(parts), ...timeoutExports(parts), ...waitExports(parts), ...completionExports(parts), ...kthreadExports(parts) };
}

function taskExports({ scheduler }: SchedulerExportParts): ExportTable {
  return {
    schedule: sleeping('schedule', () => scheduler.schedule()),
    yield: sleeping('yield', () => giveWay(scheduler)),
    wake_up_process: fn('wake_up_process', (address: Ptr<'task_struct'>) => {
      const task = scheduler.taskAt(address);
      return task !== undefined && scheduler.start(task, TASK_NORMAL) ? 1 : 0;
    }),
  };
}

function* giveWay(scheduler: Scheduler): Sleeping<void> {
  scheduler.setState(TASK_RUNNING);
  yield* scheduler.schedule();
}

function timeoutExports({ scheduler, msecsToJiffies, jiffiesToMsecs }: SchedulerExportParts): ExportTable {
  const inState = (state: number) => function* (timeout: number): Sleeping<number> {
    scheduler.setState(state);
    return yield* scheduler.scheduleTimeout(timeout);
  };
  const uninterruptible = inState(TASK_UNINTERRUPTIBLE);
  const interruptible = inState(TASK_INTERRUPTIBLE);
  return {
    schedule_timeout: sleeping('schedule_timeout', (timeout: number) => scheduler.scheduleTimeout(timeout)),
    schedule_timeout_interruptible: sleeping('schedule_timeout_interruptible', interruptible),
    schedule_timeout_uninterruptible: sleeping('schedule_timeout_uninterruptible', uninterruptible),
    schedule_timeout_killable: sleeping('schedule_timeout_killable', inState(KILLABLE)),
    schedule_timeout_idle: sleeping('schedule_timeout_idle', uninterruptible),
    msleep: sleeping('msleep', function* (ms: number) {
      // One jiffy more: the one in progress does not count.
      let left = Number(msecsToJiffies(ms)) + 1;
      while (left > 0) left = yield* uninterruptible(left);
    }),
    msleep_interruptible: sleeping('msleep_interruptible', function* (ms: number) {
      let left = Number(msecsToJiffies(ms)) + 1;
      while (left > 0 && !scheduler.hasSignalFor(TASK_INTERRUPTIBLE)) left = yield* interruptible(left);
      return jiffiesToMsecs(BigInt(left));
    }),
    usleep_range_state: sleeping('usleep_range_state', function* (minUs: number, maxUs: number, state: number) {
      yield* scheduler.sleepNs(minUs * 1000, (maxUs - minUs) * 1000, state);
    }),
  };
}

function waitExports({ scheduler, waitQueues }: SchedulerExportParts): ExportTable {
  type Queue = Ptr<'wait_queue_head'>;
  type Entry = Ptr<'wait_queue_entry'>;
  const wake = (queue: Queue, mode: number, nr: number, key: Ptr): number => waitQueues.wake(queue, mode, nr, key);
  return {
    __init_waitqueue_head: fn('__init_waitqueue_head', (queue: Queue, _name: Ptr<'char'>, _key: Ptr<'lock_class_key'>) => { waitQueues.init(queue); }),
    init_wait_entry: fn('init_wait_entry', (entry: Entry, flags: number) => { waitQueues.initEntry(entry, flags); }),
    add_wait_queue: fn('add_wait_queue', (queue: Queue, entry: Entry) => { waitQueues.add(queue, entry, false); }),
    add_wait_queue_exclusive: fn('add_wait_queue_exclusive', (queue: Queue, entry: Entry) => { waitQueues.add(queue, entry, true); }),
    remove_wait_queue: fn('remove_wait_queue', (_queue: Queue, entry: Entry) => { waitQueues.remove(entry); }),
    prepare_to_wait: fn('prepare_to_wait', (queue: Queue, entry: Entry, state: number) => { waitQueues.prepare(queue, entry, state, false); }),
    prepare_to_wait_exclusive: fn('prepare_to_wait_exclusive', (queue: Queue, entry: Entry, state: number) => waitQueues.prepare(queue, entry, state, true)),
    prepare_to_wait_event: fn('prepare_to_wait_event', (queue: Queue, entry: Entry, state: number) => waitQueues.prepareEvent(queue, entry, state)),
    finish_wait: fn('finish_wait', (_queue: Queue, entry: Entry) => { waitQueues.finish(entry); }),
    wait_woken: sleeping('wait_woken', (entry: Entry, mode: number, timeout: number) => waitQueues.waitWoken(entry, mode, timeout)),
    default_wake_function: fn('default_wake_function', (entry: Entry, mode: number, _flags: number, _key: Ptr) => waitQueues.defaultWake(entry, mode)),
    autoremove_wake_function: fn('autoremove_wake_function', (entry: Entry, mode: number, _flags: number, _key: Ptr) => waitQueues.autoremoveWake(entry, mode)),
    woken_wake_function: fn('woken_wake_function', (entry: Entry, mode: number, _flags: number, _key: Ptr) => waitQueues.wokenWake(entry, mode)),
    __wake_up: fn('__wake_up', wake),
    __wake_up_sync: fn('__wake_up_sync', (queue: Queue, mode: number) => { wake(queue, mode, 1, 0); }),
    __wake_up_sync_key: fn('__wake_up_sync_key', (queue: Queue, mode: number, key: Ptr) => { wake(queue, mode, 1, key); }),
    __wake_up_locked: fn('__wake_up_locked', (queue: Queue, mode: number, nr: number) => { wake(queue, mode, nr, 0); }),
    __wake_up_locked_key: fn('__wake_up_locked_key', (queue: Queue, mode: number, key: Ptr) => { wake(queue, mode, 1, key); }),
    do_wait_intr: sleeping('do_wait_intr', function* (queue: Queue, entry: Entry) {
      if (waitQueues.isDetached(entry)) waitQueues.append(queue, entry);
      scheduler.setState(TASK_INTERRUPTIBLE);
      if (scheduler.hasSignalFor(TASK_INTERRUPTIBLE)) return -ERRNO.ERESTARTSYS;
      waitQueues.unlocked(queue);
      yield* scheduler.schedule();
      waitQueues.locked(queue);
      return 0;
    }),
  };
}

function completionExports({ completions }: SchedulerExportParts): ExportTable {
  type Completion = Ptr<'completion'>;
  const interrupted = (result: number): number => Math.min(result, 0);
  return {
    __init_swait_queue_head: fn('__init_swait_queue_head', (queue: Ptr<'swait_queue_head'>, _name: Ptr<'char'>, _key: Ptr<'lock_class_key'>) => { completions.initQueue(queue); }),
    complete: fn('complete', (completion: Completion) => { completions.complete(completion); }),
    complete_all: fn('complete_all', (completion: Completion) => { completions.completeAll(completion); }),
    completion_done: fn('completion_done', (completion: Completion) => completions.isDone(completion)),
    try_wait_for_completion: fn('try_wait_for_completion', (completion: Completion) => completions.tryWait(completion)),
    wait_for_completion: sleeping('wait_for_completion', function* (completion: Completion) { yield* completions.wait(completion, TASK_UNINTERRUPTIBLE); }),
    wait_for_completion_io: sleeping('wait_for_completion_io', function* (completion: Completion) { yield* completions.wait(completion, TASK_UNINTERRUPTIBLE); }),
    wait_for_completion_interruptible: sleeping('wait_for_completion_interruptible', function* (completion: Completion) { return interrupted(yield* completions.wait(completion, TASK_INTERRUPTIBLE)); }),
    wait_for_completion_killable: sleeping('wait_for_completion_killable', function* (completion: Completion) { return interrupted(yield* completions.wait(completion, KILLABLE)); }),
    wait_for_completion_timeout: sleeping('wait_for_completion_timeout', (completion: Completion, timeout: number) => completions.wait(completion, TASK_UNINTERRUPTIBLE, timeout)),
    wait_for_completion_io_timeout: sleeping('wait_for_completion_io_timeout', (completion: Completion, timeout: number) => completions.wait(completion, TASK_UNINTERRUPTIBLE, timeout)),
    wait_for_completion_interruptible_timeout: sleeping('wait_for_completion_interruptible_timeout', (completion: Completion, timeout: number) => completions.wait(completion, TASK_INTERRUPTIBLE, timeout)),
    wait_for_completion_killable_timeout: sleeping('wait_for_completion_killable_timeout', (completion: Completion, timeout: number) => completions.wait(completion, KILLABLE, timeout)),
  };
}

function kthreadExports({ ram, scheduler, kthreads, completions, format }: SchedulerExportParts): ExportTable {
  const taskOf = (address: Ptr<'task_struct'>): Task => {
    const task = scheduler.taskAt(address);
    if (!task) ram.offset(0, 8); // Linux would follow the stale pointer; here it faults at once.
    return task!;
  };
  return {
    kthread_create_on_node: fn('kthread_create_on_node', (threadFn: Ptr, data: Ptr, _node: number, name: Ptr<'char'>, args: VaList) => kthreads.create(threadFn, data, format(name, args)).address, 'ERR_PTR'),
    kthread_stop: sleeping('kthread_stop', (address: Ptr<'task_struct'>) => kthreads.stop(taskOf(address))),
    kthread_should_stop: fn('kthread_should_stop', () => kthreads.shouldStop()),
    kthread_should_park: fn('kthread_should_park', () => kthreads.shouldPark()),
    kthread_park: sleeping('kthread_park', (address: Ptr<'task_struct'>) => kthreads.park(taskOf(address))),
    kthread_unpark: fn('kthread_unpark', (address: Ptr<'task_struct'>) => { kthreads.unpark(taskOf(address)); }),
    kthread_parkme: sleeping('kthread_parkme', () => kthreads.parkMe()),
    kthread_complete_and_exit: fn('kthread_complete_and_exit', (completion: Ptr<'completion'>, code: number) => {
      if (completion !== 0) completions.complete(completion);
      kthreads.exit(code);
    }),
  };
}
