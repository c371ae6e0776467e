// Exported symbols of timekeeping: clocks, jiffies, conversions, busy delays. Functions whose values need more than 53 bits, or
// that return a struct in two registers, are raw. Linux: kernel/time/, arch/x86/lib/delay.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Registers } from '../../cpu/api.ts';
import { RAX, RDI, RDX } from '../../ir/ir.ts';
import { at, data, type ExportTable, fn, raw } from '../exports/define.ts';
import { TSC_KHZ, type VirtualClock } from './clock.ts';
import { HZ, NSEC_PER_SEC } from '../../abi/clock-rates.ts';
import * as convert from './conversions.ts';

export interface TimeDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly clock: VirtualClock;
  /** Busy waiting up to a point of time, with the interrupts in between. */
  readonly busyWait: (untilNs: number) => void;
  /** Number of the CPU that runs. */
  readonly cpu: () => number;
}

/** enum tk_offsets. */
const TK_OFFS_BOOT = 1;

export function timeExports(deps: TimeDeps): ExportTable {
  return { ...clockExports(deps), ...conversionExports(deps), ...delayExports(deps) };
}

function clockExports({ ram, abi, clock }: TimeDeps): ExportTable {
  const layout = abi.struct('timespec64');
  const { tv_sec, tv_nsec } = { tv_sec: layout.field('tv_sec'), tv_nsec: layout.field('tv_nsec') };
  const store = (ts: Ptr<'timespec64'>, ns: bigint): void => {
    const { sec, nsec } = convert.splitNs(ns);
    tv_sec.write(ram, ts, sec);
    tv_nsec.write(ram, ts, nsec);
  };
  // The boot clock never stops here, and TAI is kept equal to UTC as Linux does until user space sets the offset.
  const toOffset = (monotonic: bigint, offset: number): bigint => offset === TK_OFFS_BOOT ? monotonic : monotonic + (clock.realNs() - clock.nowNs());
  const monotonic = (): bigint => clock.nowNs();
  const wallAtTick = (): bigint => clock.tickNs() + (clock.realNs() - clock.nowNs());
  return {
    jiffies: at(clock.jiffiesAddress),
    jiffies_64: at(clock.jiffiesAddress),
    ktime_get: fn('ktime_get', monotonic),
    ktime_get_raw: fn('ktime_get_raw', monotonic),
    ktime_get_mono_fast_ns: fn('ktime_get_mono_fast_ns', monotonic),
    ktime_get_raw_fast_ns: fn('ktime_get_raw_fast_ns', monotonic),
    ktime_get_boot_fast_ns: fn('ktime_get_boot_fast_ns', monotonic),
    ktime_get_real_fast_ns: fn('ktime_get_real_fast_ns', () => clock.realNs()),
    ktime_get_tai_fast_ns: fn('ktime_get_tai_fast_ns', () => clock.realNs()),
    ktime_get_with_offset: fn('ktime_get_with_offset', (offset: number) => toOffset(monotonic(), offset)),
    ktime_get_coarse_with_offset: fn('ktime_get_coarse_with_offset', (offset: number) => toOffset(clock.tickNs(), offset)),
    ktime_mono_to_any: fn('ktime_mono_to_any', (ns: bigint, offset: number) => toOffset(ns, offset)),
    ktime_get_seconds: fn('ktime_get_seconds', () => monotonic() / NSEC_PER_SEC),
    ktime_get_real_seconds: fn('ktime_get_real_seconds', () => clock.realNs() / NSEC_PER_SEC),
    ktime_get_resolution_ns: fn('ktime_get_resolution_ns', () => 1),
    ktime_get_ts64: fn('ktime_get_ts64', (ts: Ptr<'timespec64'>) => store(ts, monotonic())),
    ktime_get_raw_ts64: fn('ktime_get_raw_ts64', (ts: Ptr<'timespec64'>) => store(ts, monotonic())),
    ktime_get_real_ts64: fn('ktime_get_real_ts64', (ts: Ptr<'timespec64'>) => store(ts, clock.realNs())),
    ktime_get_coarse_ts64: fn('ktime_get_coarse_ts64', (ts: Ptr<'timespec64'>) => store(ts, clock.tickNs())),
    ktime_get_coarse_real_ts64: fn('ktime_get_coarse_real_ts64', (ts: Ptr<'timespec64'>) => store(ts, wallAtTick())),
    getboottime64: fn('getboottime64', (ts: Ptr<'timespec64'>) => store(ts, clock.realNs() - clock.nowNs())),
    do_settimeofday64: fn('do_settimeofday64', (ts: Ptr<'timespec64'>) => {
      const sec = BigInt(tv_sec.read(ram, ts));
      const nsec = BigInt(tv_nsec.read(ram, ts));
      if (sec < 0n || nsec < 0n || nsec >= NSEC_PER_SEC) return -22;
      clock.setRealNs(sec * NSEC_PER_SEC + nsec);
      return 0;
    }),
    ktime_add_safe: fn('ktime_add_safe', (a: bigint, b: bigint) => {
      const sum = a + b;
      return sum < 0n || sum > MAX_KTIME ? MAX_KTIME : sum;
    }),
    sched_clock: fn('sched_clock', monotonic),
    sched_clock_cpu: fn('sched_clock_cpu', (_cpu: number) => monotonic()),
    set_normalized_timespec64: fn('set_normalized_timespec64', (ts: Ptr<'timespec64'>, sec: bigint, nsec: bigint) =>
      store(ts, sec * NSEC_PER_SEC + nsec)),
    ns_to_timespec64: raw((regs) => returnPair(regs, convert.splitNs(regs.getBig(RDI)))),
    ns_to_kernel_old_timeval: raw((regs) => {
      const { sec, nsec } = convert.splitNs(regs.getBig(RDI));
      returnPair(regs, { sec, nsec: nsec / 1000n });
    }),
    time64_to_tm: fn('time64_to_tm', (seconds: bigint, offset: number, result: Ptr<'tm'>) => {
      const time = convert.calendarTime(seconds, offset);
      const tm = abi.struct('tm');
      for (const name of ['sec', 'min', 'hour', 'mday', 'mon', 'year', 'wday', 'yday'] as const) tm.field(`tm_${name}`).write(ram, result, time[name]);
    }),
    mktime64: fn('mktime64', convert.mktime),
    sys_tz: data(8, () => {}, 4),
    tsc_khz: data(4, (addr) => ram.writeU32(addr, TSC_KHZ), 4),
    cpu_khz: data(4, (addr) => ram.writeU32(addr, TSC_KHZ), 4),
    loops_per_jiffy: data(8, (addr) => ram.writePtr(addr, LOOPS_PER_JIFFY)),
  };
}

const MAX_KTIME = (1n << 63n) - 1n;
/** One loop of __delay() is one cycle of the time-stamp counter. */
export const LOOPS_PER_JIFFY = TSC_KHZ * 1000 / HZ;

/** A struct of two longs goes back in rax and rdx. */
function returnPair(regs: Registers, { sec, nsec }: { sec: bigint; nsec: bigint }): void {
  regs.set(RAX, sec);
  regs.set(RDX, nsec);
}

function conversionExports({ ram, abi, clock, cpu }: TimeDeps): ExportTable {
  const longToLong = (convertOne: (value: bigint) => bigint) => raw((regs) => regs.set(RAX, BigInt.asIntN(64, convertOne(BigInt.asUintN(64, regs.getBig(RDI))))));
  const longToInt = (convertOne: (value: bigint) => number) => raw((regs) => regs.set(RAX, convertOne(BigInt.asUintN(64, regs.getBig(RDI)))));
  const rounding = (isUp: boolean) => (j: bigint): bigint => convert.roundJiffies(j, cpu(), clock.jiffies(), isUp);
  const relative = (round: (j: bigint) => bigint) => (j: bigint): bigint => round(j + clock.jiffies()) - clock.jiffies();
  return {
    __msecs_to_jiffies: longToLong((ms) => convert.msecsToJiffies(Number(BigInt.asIntN(32, ms)))),
    __usecs_to_jiffies: longToLong((us) => convert.usecsToJiffies(Number(BigInt.asIntN(32, us)))),
    jiffies_to_msecs: longToInt(convert.jiffiesToMsecs),
    jiffies_to_usecs: longToInt(convert.jiffiesToUsecs),
    nsecs_to_jiffies: longToLong(convert.nsecsToJiffies),
    nsecs_to_jiffies64: longToLong(convert.nsecsToJiffies),
    jiffies64_to_nsecs: longToLong(convert.jiffiesToNsecs),
    jiffies64_to_msecs: longToLong(convert.jiffies64ToMsecs),
    jiffies_to_clock_t: longToLong(convert.jiffiesToClockT),
    jiffies_64_to_clock_t: longToLong(convert.jiffiesToClockT),
    clock_t_to_jiffies: longToLong(convert.clockTToJiffies),
    jiffies_to_timespec64: raw((regs) => {
      const { sec, nsec } = convert.splitNs(convert.jiffiesToNsecs(regs.getBig(RDI)));
      const ts = regs.get(6);
      abi.struct('timespec64').field('tv_sec').write(ram, ts, sec);
      abi.struct('timespec64').field('tv_nsec').write(ram, ts, nsec);
    }),
    timespec64_to_jiffies: raw((regs) => {
      const ts = regs.get(RDI);
      const layout = abi.struct('timespec64');
      regs.set(RAX, BigInt.asIntN(64, convert.timespecToJiffies(BigInt(layout.field('tv_sec').read(ram, ts)), BigInt(layout.field('tv_nsec').read(ram, ts)))));
    }),
    round_jiffies: longToLong(rounding(false)),
    round_jiffies_up: longToLong(rounding(true)),
    round_jiffies_relative: longToLong(relative(rounding(false))),
    round_jiffies_up_relative: longToLong(relative(rounding(true))),
  };
}

function delayExports({ clock, busyWait }: TimeDeps): ExportTable {
  /** Busy waiting is work: the clock moves on by what was asked for. */
  const delay = (toNs: (amount: bigint) => bigint) => raw((regs) => busyWait(clock.now() + Number(toNs(BigInt.asUintN(64, regs.getBig(RDI))))));
  return {
    __udelay: delay((us) => us * 1000n),
    __ndelay: delay((ns) => ns),
    // The argument is in units of 2^-32 seconds.
    __const_udelay: delay((loops) => (loops * NSEC_PER_SEC) >> 32n),
    __delay: delay((loops) => loops * 1_000_000n / BigInt(TSC_KHZ)),
  };
}
