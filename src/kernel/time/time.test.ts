import { beforeEach, describe, expect, test } from 'vitest';
import { FakeRegisters } from '../../../test/kernel/fake-machine.ts';
import { LibraryMachine } from '../../../test/kernel/library-machine.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const INITIAL_JIFFIES = 4294892296n;
const BOOT_NS = 1_577_836_800_000_000_000n;
const SECOND = 1_000_000_000n;
const jiffies = (): bigint => m.ram.readU64(m.data('jiffies'));
const timespec = (symbol: string): [bigint, bigint] => {
  const ts = m.alloc(16);
  m.call(symbol, ts);
  return [m.ram.readI64(ts), m.ram.readI64(ts + 8)];
};
const pair = (symbol: string, value: bigint): [bigint, bigint] => {
  const regs = new FakeRegisters();
  regs.set(7, value);
  const entry = m.exports[symbol]!;
  if (entry.kind === 'raw') entry.handler(regs);
  return [regs.getBig(0), regs.getBig(2)];
};

describe('clocks', () => {
  test('time passes with work and by steps; jiffies in RAM follow', () => {
    expect([m.call('ktime_get'), jiffies(), m.data('jiffies_64')]).toEqual([0n, INITIAL_JIFFIES, m.data('jiffies')]);
    m.workDone = 1_000_000;
    expect(m.call('ktime_get')).toBe(10_000_000n);
    m.clock.sync();
    expect(jiffies()).toBe(INITIAL_JIFFIES + 2n);
    m.clock.advance(5n * SECOND);
    expect([jiffies(), m.clock.jiffies()]).toEqual([INITIAL_JIFFIES + 1252n, INITIAL_JIFFIES + 1252n]);
  });
  test('every clock by name', () => {
    m.clock.advance(3n * SECOND + 1_500_000n);
    const now = 3_001_500_000n;
    for (const symbol of ['ktime_get', 'ktime_get_raw', 'ktime_get_mono_fast_ns', 'ktime_get_raw_fast_ns', 'ktime_get_boot_fast_ns', 'sched_clock']) expect(m.call(symbol), symbol).toBe(now);
    for (const symbol of ['ktime_get_real_fast_ns', 'ktime_get_tai_fast_ns']) expect(m.call(symbol)).toBe(BOOT_NS + now);
    expect([0, 1, 2].map((offset) => m.call('ktime_get_with_offset', offset))).toEqual([BOOT_NS + now, now, BOOT_NS + now]);
    expect([m.call('ktime_get_coarse_with_offset', 1), m.call('ktime_mono_to_any', 5n, 0), m.call('sched_clock_cpu', 0)]).toEqual([3n * SECOND, BOOT_NS + 5n, now]);
    expect([m.call('ktime_get_seconds'), m.call('ktime_get_real_seconds'), m.call('ktime_get_resolution_ns')]).toEqual([3n, BOOT_NS / SECOND + 3n, 1]);
    expect([timespec('ktime_get_ts64'), timespec('ktime_get_raw_ts64')]).toEqual([[3n, 1_500_000n], [3n, 1_500_000n]]);
    expect([timespec('ktime_get_real_ts64'), timespec('ktime_get_coarse_ts64'), timespec('ktime_get_coarse_real_ts64')]).toEqual([[1_577_836_803n, 1_500_000n], [3n, 0n], [1_577_836_803n, 0n]]);
    expect(timespec('getboottime64')).toEqual([1_577_836_800n, 0n]);
  });
  test('setting the time of day moves the wall clock alone', () => {
    m.clock.advance(SECOND);
    const ts = m.alloc(16);
    m.ram.writeU64(ts, 100n);
    expect(m.call('do_settimeofday64', ts)).toBe(0);
    expect([m.call('ktime_get_real_seconds'), m.call('ktime_get_seconds')]).toEqual([100n, 1n]);
    m.ram.writeU64(ts + 8, SECOND);
    expect(m.call('do_settimeofday64', ts)).toBe(-22);
  });
  test('constants', () => {
    expect([m.ram.readU32(m.data('tsc_khz')), m.ram.readU32(m.data('cpu_khz')), m.ram.readPtr(m.data('loops_per_jiffy')), m.ram.readU64(m.data('sys_tz'))]).toEqual([1_000_000, 1_000_000, 4_000_000, 0n]);
  });
});

describe('conversions', () => {
  test('jiffies, at 250 a second', () => {
    const one = (symbol: string, ...values: (number | bigint)[]): (number | bigint)[] => values.map((value) => m.call(symbol, value));
    expect(one('__msecs_to_jiffies', 0, 1, 4, 5, 1000)).toEqual([0, 1, 1, 2, 250]);
    expect(one('__usecs_to_jiffies', 0, 1, 4000, 4001)).toEqual([0, 1, 1, 2]);
    // A negative number of milliseconds means forever: MAX_JIFFY_OFFSET.
    expect(pair('__msecs_to_jiffies', 0xffff_ffffn)[0]).toBe((1n << 62n) - 2n);
    expect([one('jiffies_to_msecs', 0, 250)[1], one('jiffies_to_usecs', 1)[0]]).toEqual([1000, 4000]);
    expect(one('nsecs_to_jiffies', 3_999_999n, 4_000_000n)).toEqual([0, 1]);
    expect(one('nsecs_to_jiffies64', 8_000_001n)).toEqual([2]);
    expect([one('jiffies64_to_nsecs', 3n)[0], one('jiffies64_to_msecs', 3n)[0]]).toEqual([12_000_000, 12]);
    expect([one('jiffies_to_clock_t', 250)[0], one('jiffies_64_to_clock_t', 250n)[0], one('clock_t_to_jiffies', 100)[0]]).toEqual([100, 100, 250]);
    const ts = m.alloc(16);
    m.call('jiffies_to_timespec64', 375n, ts);
    expect([m.ram.readI64(ts), m.ram.readI64(ts + 8)]).toEqual([1n, 500_000_000n]);
    expect(m.call('timespec64_to_jiffies', ts)).toBe(375);
    m.ram.writeU64(ts + 8, 500_000_001n);
    expect(m.call('timespec64_to_jiffies', ts)).toBe(376);
  });
  test('rounding to full seconds', () => {
    const base = INITIAL_JIFFIES - (INITIAL_JIFFIES % 250n) + 2500n;
    const round = (symbol: string, offset: bigint): bigint => BigInt(m.call(symbol, base + offset)) - base;
    expect([round('round_jiffies', 10n), round('round_jiffies', 100n), round('round_jiffies_up', 10n)]).toEqual([0n, 250n, 250n]);
    expect(BigInt(m.call('round_jiffies_relative', 1000n)) % 1n).toBe(0n);
    expect((INITIAL_JIFFIES + BigInt(m.call('round_jiffies_up_relative', 1000n))) % 250n).toBe(0n);
    expect((INITIAL_JIFFIES + BigInt(m.call('round_jiffies_relative', 1000n))) % 250n).toBe(0n);
  });
  test('nanoseconds and structs in two registers', () => {
    expect(pair('ns_to_timespec64', -1n)).toEqual([-1n, 999_999_999n]);
    expect(pair('ns_to_timespec64', 2_500_000_000n)).toEqual([2n, 500_000_000n]);
    expect(pair('ns_to_kernel_old_timeval', 2_500_000_000n)).toEqual([2n, 500_000n]);
    const ts = m.alloc(16);
    m.call('set_normalized_timespec64', ts, 5n, -1n);
    expect([m.ram.readI64(ts), m.ram.readI64(ts + 8)]).toEqual([4n, 999_999_999n]);
    expect([m.call('ktime_add_safe', 1n, 2n), m.call('ktime_add_safe', (1n << 63n) - 1n, 5n)]).toEqual([3n, (1n << 63n) - 1n]);
  });
  test('calendar time, there and back, against Date', () => {
    const tm = m.alloc(m.abi.sizeOf('tm'));
    const read = (name: string): number => Number(m.abi.struct('tm').field(`tm_${name}`).read(m.ram, tm));
    for (const seconds of [0n, 951_782_400n, 1_577_836_799n, 4_102_444_800n, -1n, -86_401n, 1_709_164_800n]) {
      m.call('time64_to_tm', seconds, 0, tm);
      const date = new Date(Number(seconds) * 1000);
      expect([read('year') + 1900, read('mon'), read('mday'), read('hour'), read('min'), read('sec'), read('wday')]).toEqual([date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCDay()]);
      expect(read('yday')).toBe(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000));
      expect(m.call('mktime64', read('year') + 1900, read('mon') + 1, read('mday'), read('hour'), read('min'), read('sec'))).toBe(seconds);
    }
    m.call('time64_to_tm', 0n, 3600, tm);
    expect(read('hour')).toBe(1);
  });
});

describe('busy delays', () => {
  test('take the time they are asked for', () => {
    const waited = (symbol: string, amount: number): bigint => {
      const before = m.clock.nowNs();
      m.call(symbol, amount);
      return m.clock.nowNs() - before;
    };
    expect([waited('__udelay', 7), waited('__ndelay', 300), waited('__delay', 50), waited('__const_udelay', 10 * 0x10c7)]).toEqual([7000n, 300n, 50n, 10_000n]);
  });
});
