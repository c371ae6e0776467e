// Virtual time: advances with executed work and by explicit steps (sleeping, delays), never with the host's clock. The jiffies
// variable in RAM, which modules read without a call, follows at every step. Linux: kernel/time/timekeeping.c, jiffies.c.

import { HZ, NSEC_PER_SEC, TICK_NSEC, TICK_NS } from '../../abi/clock-rates.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { KernelImage } from '../image.ts';
import type { Clock } from '../services.ts';

/** jiffies starts five minutes before the lower 32 bits wrap, so that code which cannot take that is found early. */
export const INITIAL_JIFFIES = 2n ** 32n - 300n * BigInt(HZ);
/** One cycle of the time-stamp counter is one nanosecond. */
export const TSC_KHZ = 1_000_000;
/** 2020-01-01 00:00:00 UTC: what the machine's real-time clock says at boot unless told otherwise. */
const DEFAULT_BOOT_TIME_NS = 1_577_836_800n * NSEC_PER_SEC;

export interface ClockDeps {
  readonly ram: Ram;
  readonly image: KernelImage;
  /** Work the processor has done since boot (Cpu.workDone). */
  readonly workDone: () => number;
  /** Nanoseconds one unit of work takes. */
  readonly nsPerWork: number;
  /** Wall-clock time at boot, nanoseconds since 1970. */
  readonly bootTimeNs?: bigint;
}

export class VirtualClock implements Clock {
  readonly #ram: Ram;
  readonly #workDone: () => number;
  readonly #nsPerWork: number;
  /** Where jiffies_64 lies; `jiffies` is the same word. */
  readonly jiffiesAddress: Ptr;
  /** Time passed other than by work. A number of nanoseconds is exact for the first 104 days of a machine. */
  #steppedNs = 0;
  /** CLOCK_REALTIME - CLOCK_MONOTONIC. */
  #realOffsetNs: bigint;
  /** Wall-clock time at boot. */
  readonly bootTimeNs: bigint;
  /** Ticks since boot that the jiffies word shows. */
  #ticks = 0;

  constructor(deps: ClockDeps) {
    this.#ram = deps.ram;
    this.#workDone = deps.workDone;
    this.#nsPerWork = deps.nsPerWork;
    this.bootTimeNs = deps.bootTimeNs ?? DEFAULT_BOOT_TIME_NS;
    this.#realOffsetNs = this.bootTimeNs;
    this.jiffiesAddress = deps.image.data('jiffies_64', 8, 64);
    this.#ram.writeU64(this.jiffiesAddress, INITIAL_JIFFIES);
  }

  /** CLOCK_MONOTONIC in nanoseconds, a whole number. */
  now(): number { return this.#steppedNs + Math.floor(this.#workDone() * this.#nsPerWork); }
  nowNs(): bigint { return BigInt(this.now()); }
  /** CLOCK_REALTIME. */
  realNs(): bigint { return this.nowNs() + this.#realOffsetNs; }
  setRealNs(ns: bigint): void { this.#realOffsetNs = ns - this.nowNs(); }
  get realOffsetNs(): bigint { return this.#realOffsetNs; }
  advance(ns: bigint): void { this.advanceTo(this.now() + Number(ns)); }
  /** Lets time pass up to `ns`; nothing when that is past. */
  advanceTo(ns: number): void {
    const step = ns - this.now();
    if (step > 0) this.#steppedNs += step;
    this.sync();
  }

  /** Jiffies as of now. */
  jiffies(): bigint { return INITIAL_JIFFIES + BigInt(this.ticks()); }
  /** Ticks since boot: jiffies - INITIAL_JIFFIES. */
  ticks(): number {
    this.sync();
    return this.#ticks;
  }
  /** Time of the last tick: what the coarse clocks say. */
  tickNs(): bigint { return this.nowNs() / TICK_NSEC * TICK_NSEC; }
  /** Time-stamp counter. */
  timestamp(): bigint { return this.nowNs(); }

  /** Brings the jiffies word up to date. To be called wherever work may have been done unseen: at spent budgets and switches. */
  sync(): void {
    const ticks = Math.floor(this.now() / TICK_NS);
    if (ticks === this.#ticks) return;
    this.#ticks = ticks;
    this.#ram.writePtr(this.jiffiesAddress, INITIAL + ticks);
  }
}

const INITIAL = Number(INITIAL_JIFFIES);
