// Exported symbols of timers: timer_list, hrtimers, and sleeps of high resolution. Linux: kernel/time/timer.c, hrtimer.c.

import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { data, type ExportTable, fn, since, sleeping } from '../exports/define.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import { CLOCK_MONOTONIC, HRTIMER_MODE } from './hrtimers.ts';
import type { Time } from './time.ts';

export interface TimerExportParts { readonly ram: Ram; readonly time: Time; readonly scheduler: Scheduler }

const TASK_RUNNING = 0;

export function timerExports(parts: TimerExportParts): ExportTable {
  return { ...timerListExports(parts), ...hrtimerExports(parts), ...hrtimeoutExports(parts) };
}

function timerListExports({ time: { timers } }: TimerExportParts): ExportTable {
  type Timer = Ptr<'timer_list'>;
  const add = (timer: Timer): void => { timers.modify(timer, timers.expires(timer)); };
  return {
    init_timer_key: fn('init_timer_key', (timer: Timer, func: Ptr, flags: number, _name: Ptr<'char'>, _key: Ptr<'lock_class_key'>) => { timers.init(timer, func, flags); }),
    add_timer: fn('add_timer', add),
    add_timer_on: fn('add_timer_on', (timer: Timer, _cpu: number) => { add(timer); }),
    add_timer_local: since([6, 12], fn('add_timer_local', add)),
    add_timer_global: since([6, 12], fn('add_timer_global', add)),
    mod_timer: fn('mod_timer', (timer: Timer, expires: number) => timers.modify(timer, expires)),
    mod_timer_pending: fn('mod_timer_pending', (timer: Timer, expires: number) => timers.modify(timer, expires, true)),
    timer_reduce: fn('timer_reduce', (timer: Timer, expires: number) => timers.reduce(timer, expires)),
    timer_delete: fn('timer_delete', (timer: Timer) => timers.remove(timer)),
    timer_delete_sync: fn('timer_delete_sync', (timer: Timer) => timers.removeSync(timer, 'timer_delete_sync')),
    try_to_del_timer_sync: fn('try_to_del_timer_sync', (timer: Timer) => timers.tryToRemove(timer)),
    timer_shutdown: fn('timer_shutdown', (timer: Timer) => timers.shutdown(timer)),
    timer_shutdown_sync: fn('timer_shutdown_sync', (timer: Timer) => {
      const wasPending = timers.removeSync(timer, 'timer_shutdown_sync');
      timers.shutdown(timer);
      return wasPending;
    }),
  };
}

function hrtimerExports({ ram, time: { hrtimers } }: TimerExportParts): ExportTable {
  type Timer = Ptr<'hrtimer'>;
  return {
    hrtimer_resolution: data(4, (addr) => ram.writeU32(addr, 1), 4),
    hrtimer_init: fn('hrtimer_init', (timer: Timer, clockId: number, mode: number) => { hrtimers.init(timer, clockId, mode); }),
    hrtimer_start_range_ns: fn('hrtimer_start_range_ns', (timer: Timer, time: bigint, slackNs: bigint, mode: number) => { hrtimers.start(timer, time, slackNs, mode); }),
    hrtimer_cancel: fn('hrtimer_cancel', (timer: Timer) => hrtimers.cancel(timer)),
    hrtimer_try_to_cancel: fn('hrtimer_try_to_cancel', (timer: Timer) => hrtimers.tryToCancel(timer)),
    hrtimer_forward: fn('hrtimer_forward', (timer: Timer, now: bigint, interval: bigint) => hrtimers.forward(timer, now, interval)),
    hrtimer_active: fn('hrtimer_active', (timer: Timer) => hrtimers.isQueued(timer) || hrtimers.isRunning(timer)),
    __hrtimer_get_remaining: fn('__hrtimer_get_remaining', (timer: Timer, _adjust: boolean) => hrtimers.remaining(timer)),
  };
}

function hrtimeoutExports({ ram, scheduler, time: { hrtimers } }: TimerExportParts): ExportTable {
  /** schedule_hrtimeout_range_clock(): 0 when the time is over, -EINTR when something else woke the task; returns with the task running. */
  function* sleep(expires: Ptr<'ktime_t'>, slackNs: bigint, mode: number, clockId: number): Sleeping<number> {
    if (expires !== 0 && ram.readI64(expires) === 0n) {
      scheduler.setState(TASK_RUNNING);
      return 0;
    }
    let isOver = false;
    const task: Task = scheduler.current;
    const cancel = expires === 0 ? () => {} : hrtimers.addTimeout(ram.readI64(expires), Number(slackNs), () => {
      isOver = true;
      scheduler.wake(task);
    }, clockId, (mode & HRTIMER_MODE.REL) === 0);
    yield* scheduler.schedule();
    cancel();
    scheduler.setState(TASK_RUNNING);
    return isOver ? 0 : -ERRNO.EINTR;
  }
  return {
    schedule_hrtimeout: sleeping('schedule_hrtimeout', (expires: Ptr, mode: number) => sleep(expires, 0n, mode, CLOCK_MONOTONIC)),
    schedule_hrtimeout_range: sleeping('schedule_hrtimeout_range', (expires: Ptr, delta: bigint, mode: number) => sleep(expires, delta, mode, CLOCK_MONOTONIC)),
    schedule_hrtimeout_range_clock: sleeping('schedule_hrtimeout_range_clock', (expires: Ptr, delta: bigint, mode: number, clockId: number) => sleep(expires, delta, mode, clockId)),
  };
}

