// Arithmetic between jiffies, clock ticks, nanoseconds and calendar time. Pure functions. Linux: kernel/time/time.c, timeconv.c.

import { HZ, NSEC_PER_SEC, TICK_NSEC } from '../../abi/clock-rates.ts';

/** What "forever" is in jiffies. */
export const MAX_JIFFY_OFFSET = (1n << 62n) - 2n;
const USER_HZ = 100n;
const hz = BigInt(HZ);
const u64 = (n: bigint): bigint => BigInt.asUintN(64, n);

/** A negative number of milliseconds, seen as int, means forever. Rounds up. */
export const msecsToJiffies = (ms: number): bigint => (ms | 0) < 0 ? MAX_JIFFY_OFFSET : ceilDiv(BigInt(ms >>> 0) * hz, 1000n);
export function usecsToJiffies(us: number): bigint {
  const limit = BigInt.asUintN(32, MAX_JIFFY_OFFSET * (1_000_000n / hz));
  return BigInt(us >>> 0) > limit ? MAX_JIFFY_OFFSET : ceilDiv(BigInt(us >>> 0) * hz, 1_000_000n);
}
export const jiffiesToMsecs = (j: bigint): number => Number(BigInt.asUintN(32, u64(j) * (1000n / hz)));
export const jiffiesToUsecs = (j: bigint): number => Number(BigInt.asUintN(32, u64(j) * (1_000_000n / hz)));
export const nsecsToJiffies = (ns: bigint): bigint => u64(ns) / TICK_NSEC;
export const jiffiesToNsecs = (j: bigint): bigint => u64(u64(j) * TICK_NSEC);
export const jiffies64ToMsecs = (j: bigint): bigint => u64(u64(j) * (1000n / hz));
export const jiffiesToClockT = (j: bigint): bigint => u64(u64(j) * TICK_NSEC) / (NSEC_PER_SEC / USER_HZ);
export const clockTToJiffies = (t: bigint): bigint => u64(t) >= (1n << 64n) / hz * USER_HZ ? u64(-1n) : u64(t) * hz / USER_HZ;

/** Rounds up to a whole jiffy; a time beyond what jiffies can say becomes the largest. */
export function timespecToJiffies(sec: bigint, nsec: bigint): bigint {
  const maxSec = ((1n << 63n) - 1n) / NSEC_PER_SEC;
  if (u64(sec) >= maxSec) return u64(maxSec * hz);
  return (sec * NSEC_PER_SEC + nsec + TICK_NSEC - 1n) / TICK_NSEC;
}

/** Seconds and 0 <= nanoseconds < 1e9, for negative times too. */
export function splitNs(ns: bigint): { sec: bigint; nsec: bigint } {
  const nsec = ((ns % NSEC_PER_SEC) + NSEC_PER_SEC) % NSEC_PER_SEC;
  return { sec: (ns - nsec) / NSEC_PER_SEC, nsec };
}

/** Near a full second, so that timers of many users expire together; `cpu` spreads the CPUs by three jiffies. */
export function roundJiffies(j: bigint, cpu: number, now: bigint, isUp: boolean): bigint {
  const skew = BigInt(cpu) * 3n;
  const shifted = j + skew;
  const rest = shifted % hz;
  const rounded = (rest < hz / 4n && !isUp ? shifted - rest : shifted - rest + hz) - skew;
  return rounded > now ? rounded : j;
}

/** Days since 1970-01-01 of a date of the Gregorian calendar (algorithm: H. Hinnant, days_from_civil). */
function daysFromCivil(year: bigint, month: bigint, day: bigint): bigint {
  const y = month <= 2n ? year - 1n : year;
  const era = (y >= 0n ? y : y - 399n) / 400n;
  const yearOfEra = y - era * 400n;
  const dayOfYear = (153n * (month + (month > 2n ? -3n : 9n)) + 2n) / 5n + day - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * 146_097n + dayOfEra - 719_468n;
}
/** Seconds since 1970; hours, minutes and seconds may exceed their range. */
export const mktime = (year: number, month: number, day: number, hour: number, minute: number, second: number): bigint =>
  ((daysFromCivil(BigInt(year), BigInt(month), BigInt(day)) * 24n + BigInt(hour)) * 60n + BigInt(minute)) * 60n + BigInt(second);

export interface CalendarTime {
  readonly sec: number; readonly min: number; readonly hour: number; readonly mday: number;
  /** 0 = January. */
  readonly mon: number;
  /** Since 1900. */
  readonly year: bigint;
  /** 0 = Sunday. */
  readonly wday: number;
  readonly yday: number;
}

export function calendarTime(totalSeconds: bigint, offset: number): CalendarTime {
  const seconds = totalSeconds + BigInt(offset);
  const rest = Number(((seconds % 86_400n) + 86_400n) % 86_400n);
  const days = (seconds - BigInt(rest)) / 86_400n;
  // The inverse of daysFromCivil.
  const z = days + 719_468n;
  const era = (z >= 0n ? z : z - 146_096n) / 146_097n;
  const dayOfEra = z - era * 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayFromMarch = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const shiftedMonth = (5n * dayFromMarch + 2n) / 153n;
  const mday = Number(dayFromMarch - (153n * shiftedMonth + 2n) / 5n) + 1;
  const month = shiftedMonth < 10n ? shiftedMonth + 3n : shiftedMonth - 9n;
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n);
  return {
    sec: rest % 60, min: Math.floor(rest / 60) % 60, hour: Math.floor(rest / 3600), mday, mon: Number(month) - 1, year: year - 1900n,
    wday: Number((((days + 4n) % 7n) + 7n) % 7n), yday: Number(days - daysFromCivil(year, 1n, 1n)),
  };
}

const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
