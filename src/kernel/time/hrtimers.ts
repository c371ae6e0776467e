// High-resolution timers: `struct hrtimer` of modules and sleeps of the kernel's own, in order of expiry. Those in hard mode run in the
// timer interrupt, soft ones in the HRTIMER softirq. The bytes say what inlined code asks for: node.expires, _softexpires, state,
// base (its clock, the timer that runs). Linux: kernel/time/hrtimer.c.

import type { Abi } from '../../abi/abi.ts';
import { assert } from '../../base/assert.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import type { PerCpu } from '../services.ts';
import type { Softirqs } from '../softirq/softirqs.ts';
import { SOFTIRQ } from '../../abi/softirq-numbers.ts';
import type { VirtualClock } from './clock.ts';
import type { TimeSource } from './timer-interrupt.ts';

/** enum hrtimer_mode. */
export const HRTIMER_MODE = { REL: 1, PINNED: 2, SOFT: 4, HARD: 8 } as const;
const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
/** The bases of a CPU in their order: clock ids and the functions that tell their time; hard ones first, then soft ones. */
const BASES = [
  { clock: CLOCK_MONOTONIC, getTime: 'ktime_get' }, { clock: CLOCK_REALTIME, getTime: 'ktime_get_real' },
  { clock: 7, getTime: 'ktime_get_boottime' }, { clock: 11, getTime: 'ktime_get_clocktai' },
] as const;
const REALTIME_BASE = 1;
const TAI_BASE = 3;
const FIRST_SOFT = BASES.length;
/** hrtimer.state: enqueued. */
const ENQUEUED = 1;
const KTIME_MAX = 2n ** 63n - 1n;

interface Entry {
  /** Address of the struct hrtimer; 0 for a sleep of the kernel. */
  readonly address: Ptr;
  /** Nanoseconds since boot, whatever the clock. */
  readonly expires: number;
  readonly softExpires: number;
  readonly expire: (() => void) | undefined;
  readonly base: number;
}

export interface HrtimerDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly perCpu: PerCpu;
  readonly clock: VirtualClock;
  readonly softirqs: Softirqs;
  readonly callSite: (name: string) => Ptr;
  /** Text address of a function that tells the time. */
  readonly textOf: (name: string) => Ptr;
  readonly lockedUp: (symbol: string) => never;
  readonly armed: () => void;
}

export class Hrtimers implements TimeSource {
  readonly #deps: HrtimerDeps;
  readonly #offset: { readonly expires: number; readonly softExpires: number; readonly function: number; readonly base: number; readonly state: number; readonly isRel: number; readonly isSoft: number; readonly isHard: number; readonly sizeBytes: number };
  readonly #bases: readonly Ptr[];
  readonly #runningOffset: number;
  /** One queue per base, soonest last. */
  readonly #queues: Entry[][] = Array.from({ length: 2 * BASES.length }, () => []);
  readonly #pending = new Map<Ptr, Entry>();
  readonly #callSite: Ptr;
  /** The timers whose callbacks run, by base. */
  readonly #running: Ptr[] = Array.from({ length: 2 * BASES.length }, () => 0);
  #isSoftRaised = false;
  #next = Number.POSITIVE_INFINITY;
  #isNextKnown = true;

  constructor(deps: HrtimerDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct('hrtimer');
    this.#offset = {
      expires: layout.offset('node.expires'), softExpires: layout.offset('_softexpires'), function: layout.offset('function'), base: layout.offset('base'), state: layout.offset('state'),
      isRel: layout.offset('is_rel'), isSoft: layout.offset('is_soft'), isHard: layout.offset('is_hard'), sizeBytes: layout.sizeBytes,
    };
    this.#runningOffset = deps.abi.struct('hrtimer_clock_base').offset('running');
    this.#bases = this.#fillBases();
    this.#callSite = deps.callSite('__hrtimer_run_queues');
    deps.softirqs.open(SOFTIRQ.HRTIMER, () => {
      this.#isSoftRaised = false;
      this.#isNextKnown = false;
      this.#runBases(FIRST_SOFT, this.#deps.clock.now());
    });
  }

  /** What modules reach through hrtimer.base: each base's clock, and that high resolution is on. */
  #fillBases(): Ptr[] {
    const { ram, abi, perCpu, textOf } = this.#deps;
    const variable = abi.perCpuVariable('hrtimer_bases');
    assert(variable, 'the ABI has hrtimer_bases');
    const cpuBase = perCpu.address(variable.offset, 0);
    const layout = abi.struct('hrtimer_cpu_base');
    layout.field('hres_active').write(ram, cpuBase, 1);
    const base = abi.struct('hrtimer_clock_base');
    return this.#queues.map((_, index) => {
      const address = cpuBase + layout.offset('clock_base') + index * base.sizeBytes;
      const { clock, getTime } = BASES[index % BASES.length]!;
      base.field('cpu_base').write(ram, address, cpuBase);
      base.field('index').write(ram, address, index);
      base.field('clockid').write(ram, address, clock);
      base.field('get_time').write(ram, address, textOf(getTime));
      return address;
    });
  }

  // The interrupt

  get nextNs(): number {
    if (!this.#isNextKnown) this.#findNext();
    return this.#next;
  }
  #findNext(): void {
    let next = Number.POSITIVE_INFINITY;
    const nrBases = this.#isSoftRaised ? FIRST_SOFT : this.#queues.length;
    for (let base = 0; base < nrBases; base++) {
      const queue = this.#queues[base]!;
      if (queue.length > 0 && queue[queue.length - 1]!.expires < next) next = queue[queue.length - 1]!.expires;
    }
    this.#next = next;
    this.#isNextKnown = true;
  }
  runDue(now: number): void {
    this.#runBases(0, now);
    for (let base = FIRST_SOFT; base < this.#queues.length; base++) {
      const first = this.#queues[base]!.at(-1);
      if (!first || first.softExpires > now || this.#isSoftRaised) continue;
      this.#isSoftRaised = true;
      this.#isNextKnown = false;
      this.#deps.softirqs.raise(SOFTIRQ.HRTIMER);
    }
  }
  #runBases(from: number, now: number): void {
    for (let base = from; base < from + BASES.length; base++) {
      const queue = this.#queues[base]!;
      for (let last = queue.length - 1; last >= 0 && queue[last]!.softExpires <= now; last = queue.length - 1) {
        const first = queue.pop()!;
        this.#isNextKnown = false;
        if (first.expire) first.expire();
        else this.#fire(first);
      }
    }
  }
  /** Whether a base's clock can be set. Its times are too large for a number: they become nanoseconds since boot first. */
  #isSettable(base: number): boolean {
    const clock = base % BASES.length;
    return clock === REALTIME_BASE || clock === TAI_BASE;
  }
  /** A time of a base, as it lies in a struct, in nanoseconds since boot. */
  #sinceBoot(at: Ptr, base: number): number {
    const { ram, clock } = this.#deps;
    return this.#isSettable(base) ? Number(ram.readI64(at) - clock.realOffsetNs) : ram.readPtr(at);
  }

  #fire({ address, base }: Entry): void {
    const { ram, cpu } = this.#deps;
    this.#pending.delete(address);
    ram.writeU8(address + this.#offset.state, 0);
    const outer = this.#running[base]!;
    this.#setRunning(base, address);
    try {
      const restart = cpu.call(ram.readPtr(address + this.#offset.function), [address], this.#callSite) & 1;
      if (restart !== 0 && ram.readU8(address + this.#offset.state) === 0) this.#enqueue(address, base);
    } finally {
      this.#setRunning(base, outer);
    }
  }
  #setRunning(base: number, address: Ptr): void {
    this.#running[base] = address;
    this.#deps.ram.writePtr(this.#bases[base]! + this.#runningOffset, address);
  }

  // Sleeps of the kernel

  /** Calls `expire` between `ns` and `ns + slackNs` from now (`ns` absolute in `clockId` with `isAbsolute`); returns what takes it back. */
  addTimeout(ns: number | bigint, slackNs: number, expire: () => void, clockId: number = CLOCK_MONOTONIC, isAbsolute = false): () => void {
    const base = Math.max(0, BASES.findIndex(({ clock }) => clock === clockId));
    const { clock } = this.#deps;
    const softExpires = isAbsolute ? Number(BigInt(ns) - (this.#isSettable(base) ? clock.realOffsetNs : 0n)) : clock.now() + Number(ns);
    const entry: Entry = { address: 0, softExpires, expires: softExpires + slackNs, expire, base };
    this.#insert(entry);
    return () => { this.#take(entry); };
  }

  // struct hrtimer

  init(timer: Ptr, clockId: number, mode: number): void {
    const { ram } = this.#deps;
    ram.fill(timer, this.#offset.sizeBytes);
    // A relative timer never follows changes of the real-time clock.
    const clock = clockId === CLOCK_REALTIME && (mode & HRTIMER_MODE.REL) !== 0 ? CLOCK_MONOTONIC : clockId;
    const index = Math.max(0, BASES.findIndex((base) => base.clock === clock));
    const isSoft = (mode & HRTIMER_MODE.SOFT) !== 0;
    ram.writePtr(timer + this.#offset.base, this.#bases[index + (isSoft ? FIRST_SOFT : 0)]!);
    ram.writeU8(timer + this.#offset.isSoft, isSoft ? 1 : 0);
    ram.writeU8(timer + this.#offset.isHard, (mode & HRTIMER_MODE.HARD) !== 0 ? 1 : 0);
    // timerqueue_init(): a node on no tree points to itself.
    ram.writePtr(timer, timer);
  }
  /** hrtimer_start_range_ns(). */
  start(timer: Ptr, time: bigint, slackNs: bigint, mode: number): void {
    const { ram, clock } = this.#deps;
    const base = this.#baseOf(timer);
    this.remove(timer);
    const isRelative = (mode & HRTIMER_MODE.REL) !== 0;
    const now = !isRelative ? 0n : this.#isSettable(base) ? clock.realNs() : clock.nowNs();
    const softExpires = saturated(now + time);
    ram.writeU8(timer + this.#offset.isRel, isRelative ? 1 : 0);
    ram.writeU64(timer + this.#offset.softExpires, softExpires);
    ram.writeU64(timer + this.#offset.expires, slackNs === 0n ? softExpires : saturated(softExpires + slackNs));
    this.#enqueue(timer, base);
  }
  isQueued(timer: Ptr): boolean { return (this.#deps.ram.readU8(timer + this.#offset.state) & ENQUEUED) !== 0; }
  isRunning(timer: Ptr): boolean { return this.#running.includes(timer); }
  /** Takes it off the queue; false if it was not on it. */
  remove(timer: Ptr): boolean {
    const entry = this.#pending.get(timer);
    if (!entry) return false;
    this.#take(entry);
    this.#pending.delete(timer);
    if (!this.isQueued(timer)) return false;
    this.#deps.ram.writeU8(timer + this.#offset.state, 0);
    return true;
  }
  /** hrtimer_try_to_cancel(): -1 while the callback runs, 1 if it was queued. */
  tryToCancel(timer: Ptr): number {
    if (this.isRunning(timer)) return -1;
    return this.remove(timer) ? 1 : 0;
  }
  /** hrtimer_cancel(). With one CPU a callback that runs is what called us: waiting for its end never ends. */
  cancel(timer: Ptr): number {
    if (this.isRunning(timer)) this.#deps.lockedUp('hrtimer_cancel');
    return this.remove(timer) ? 1 : 0;
  }
  /** hrtimer_forward(): past `now` by whole intervals; how many. A queued timer is left alone. */
  forward(timer: Ptr, now: bigint, interval: bigint): bigint {
    const { ram } = this.#deps;
    const expires = this.expires(timer);
    const late = now - expires;
    if (late < 0n || this.isQueued(timer)) return 0n;
    const step = interval < 1n ? 1n : interval;
    // One more, so that it lies after `now`.
    const overruns = late < step ? 1n : late / step + 1n;
    for (const field of [this.#offset.expires, this.#offset.softExpires]) ram.writeU64(timer + field, saturated(ram.readI64(timer + field) + overruns * step));
    return overruns;
  }
  /** Time left to the expiry, in nanoseconds. */
  remaining(timer: Ptr): bigint {
    const { clock } = this.#deps;
    return this.expires(timer) - (this.#isSettable(this.#baseOf(timer)) ? clock.realNs() : clock.nowNs());
  }
  softExpires(timer: Ptr): bigint { return this.#deps.ram.readI64(timer + this.#offset.softExpires); }
  expires(timer: Ptr): bigint { return this.#deps.ram.readI64(timer + this.#offset.expires); }
  /** Clock id of its base. */
  clockOf(timer: Ptr): number { return BASES[this.#baseOf(timer) % BASES.length]!.clock; }

  #baseOf(timer: Ptr): number {
    const index = this.#bases.indexOf(this.#deps.ram.readPtr(timer + this.#offset.base));
    if (index < 0) this.#deps.ram.offset(0, 8); // Never initialised: Linux follows the pointer and faults.
    return index;
  }
  #enqueue(address: Ptr, base: number): void {
    const { ram } = this.#deps;
    const entry: Entry = { address, base, expires: this.#sinceBoot(address + this.#offset.expires, base), softExpires: this.#sinceBoot(address + this.#offset.softExpires, base), expire: undefined };
    ram.writeU8(address + this.#offset.state, ENQUEUED);
    this.#pending.set(address, entry);
    this.#insert(entry);
  }
  /** Behind those that expire at the same time. */
  #insert(entry: Entry): void {
    const queue = this.#queues[entry.base]!;
    let low = 0;
    for (let high = queue.length; low < high;) {
      const middle = (low + high) >> 1;
      if (queue[middle]!.expires > entry.expires) low = middle + 1;
      else high = middle;
    }
    if (low < queue.length) queue.splice(low, 0, entry);
    else {
      queue.push(entry);
      this.#isNextKnown = false;
      this.#deps.armed();
    }
  }
  #take(entry: Entry): void {
    const queue = this.#queues[entry.base]!;
    const index = queue.indexOf(entry);
    if (index >= 0) queue.splice(index, 1);
    this.#isNextKnown = false;
  }
}

/** Times beyond what ktime_t can say are for ever. */
const saturated = (ns: bigint): bigint => (ns > KTIME_MAX ? KTIME_MAX : ns);
