// Time put together: the timers on the clock, the interrupt that serves them, and how much work may be done before it is looked at
// again. Linux: kernel/time/.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { GuestFrame, HostFunction } from '../../cpu/api.ts';
import type { Processor } from '../../cpu/cpu.ts';
import { RAX } from '../../ir/ir.ts';
import type { PerCpu } from '../services.ts';
import type { InterruptContext, Softirqs } from '../softirq/softirqs.ts';
import type { VirtualClock } from './clock.ts';
import { TICK_NS } from '../../abi/clock-rates.ts';
import { Hrtimers } from './hrtimers.ts';
import { TimerInterrupt, type TimeSource } from './timer-interrupt.ts';
import { Timers } from './timers.ts';

export interface TimeParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Processor;
  readonly perCpu: PerCpu;
  readonly clock: VirtualClock;
  readonly context: InterruptContext;
  readonly softirqs: Softirqs;
  readonly callSite: (name: string) => Ptr;
  readonly lockedUp: (symbol: string) => never;
  readonly define: (name: string, fn: HostFunction) => Ptr;
  /** What else happens at points of time. */
  readonly events: TimeSource;
  readonly nsPerWork: number;
  readonly current: () => object;
  /** A task that never gives way. */
  readonly exhausted: (frame: GuestFrame) => never;
  readonly watchdogWork: number;
}

export interface Time {
  readonly clock: VirtualClock;
  readonly interrupt: TimerInterrupt;
  readonly timers: Timers;
  readonly hrtimers: Hrtimers;
  /** With nobody to run: time jumps to the next interrupt, if that comes at `limitNs` or before, and it is taken. */
  idle(limitNs: number): boolean;
}

export function bootTime(parts: TimeParts): Time {
  const { cpu, clock, context, define, nsPerWork } = parts;
  const interrupt = new TimerInterrupt({ clock, softirqs: parts.softirqs, areInterruptsDisabled: () => context.areInterruptsDisabled });
  const workUntil = (ns: number): number => Math.max(1, Math.ceil((ns - clock.now()) / nsPerWork));
  const armed = (): void => {
    const work = workUntil(interrupt.nextNs);
    if (work < MAX_GRANT) cpu.limitBudget(work);
  };
  const clocks: Readonly<Record<string, () => bigint>> = {
    ktime_get: () => clock.nowNs(), ktime_get_boottime: () => clock.nowNs(), ktime_get_real: () => clock.realNs(), ktime_get_clocktai: () => clock.realNs(),
  };
  const textOf = (name: string): Ptr => define(name, (regs) => regs.set(RAX, clocks[name]!()));
  const timers = new Timers({ ...parts, armed });
  const hrtimers = new Hrtimers({ ...parts, armed, textOf });
  // hrtimers come first, as in the tick of Linux, which is one of them.
  for (const source of [parts.events, hrtimers, timers]) interrupt.add(source);

  let running = parts.current();
  let workAtSwitch = 0;
  const grant = (): number => {
    const now = clock.now();
    const tick = (Math.floor(now / TICK_NS) + 1) * TICK_NS;
    return workUntil(context.areInterruptsDisabled ? tick : Math.min(tick, interrupt.nextNs));
  };
  cpu.onBudget = (frame) => {
    const current = parts.current();
    if (current !== running) {
      running = current;
      workAtSwitch = cpu.workDone;
    }
    clock.sync();
    if (cpu.workDone - workAtSwitch > parts.watchdogWork) {
      workAtSwitch = cpu.workDone;
      parts.exhausted(frame);
    }
    interrupt.poll();
    return grant();
  };
  cpu.limitBudget(grant());
  return {
    clock, interrupt, timers, hrtimers,
    idle(limitNs) {
      const next = interrupt.nextNs;
      if (next === Number.POSITIVE_INFINITY || next > limitNs) return false;
      context.areInterruptsDisabled = false;
      clock.advanceTo(next);
      interrupt.poll();
      return true;
    },
  };
}

const MAX_GRANT = 2 ** 31 - 1;
