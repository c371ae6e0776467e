// Timers at the granularity of ticks: `struct timer_list` of modules, and timeouts of the kernel's own, on one wheel. Callbacks run in
// the TIMER softirq. The bytes say what inlined code asks for: entry.pprev is set while a timer is pending. Linux: kernel/time/timer.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import type { Softirqs } from '../softirq/softirqs.ts';
import { SOFTIRQ } from '../../abi/softirq-numbers.ts';
import { INITIAL_JIFFIES, type VirtualClock } from './clock.ts';
import { TICK_NS } from '../../abi/clock-rates.ts';
import { TimerWheel, type WheelNode, wheelNode } from './timer-wheel.ts';
import type { TimeSource } from './timer-interrupt.ts';

/** timer_list.flags (include/linux/timer.h). */
const TIMER_IRQSAFE = 0x0020_0000;
const TIMER_DEFERRABLE = 0x0008_0000;
/** Where the flags keep the index of the bucket. */
const ARRAY_SHIFT = 22;
const ARRAY_UNIT = 2 ** ARRAY_SHIFT;
const INITIAL = Number(INITIAL_JIFFIES);

export interface TimerDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly clock: VirtualClock;
  readonly softirqs: Softirqs;
  readonly context: { preemptCount: number; areInterruptsDisabled: boolean };
  readonly callSite: (name: string) => Ptr;
  /** A wait for something that cannot end: reports a lock-up, never returns. */
  readonly lockedUp: (symbol: string) => never;
  /** The next expiry may have become earlier. */
  readonly armed: () => void;
}

interface GuestTimer extends WheelNode { readonly address: Ptr }

export class Timers implements TimeSource {
  readonly #deps: TimerDeps;
  readonly #offset: { readonly pprev: number; readonly next: number; readonly expires: number; readonly function: number; readonly flags: number };
  readonly #wheel = new TimerWheel();
  /** Deferrable timers do not wake an idle processor: they fire with the next interrupt that comes anyway. */
  readonly #deferrable = new TimerWheel();
  readonly #pending = new Map<Ptr, GuestTimer>();
  readonly #callSite: Ptr;
  /** The timer whose callback runs. */
  #running: Ptr = 0;
  /** The softirq is to come: until it has run, nothing more is asked for. */
  #isRaised = false;

  constructor(deps: TimerDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct('timer_list');
    this.#offset = {
      next: layout.offset('entry.next'), pprev: layout.offset('entry.pprev'), expires: layout.offset('expires'), function: layout.offset('function'), flags: layout.offset('flags'),
    };
    this.#callSite = deps.callSite('call_timer_fn');
    deps.softirqs.open(SOFTIRQ.TIMER, () => {
      this.#isRaised = false;
      const now = this.#jiffies;
      this.#wheel.run(now);
      this.#deferrable.run(now);
    });
  }

  // The interrupt

  get nextNs(): number {
    if (this.#isRaised) return Number.POSITIVE_INFINITY;
    const next = this.#wheel.nextTick;
    return ((next === Number.POSITIVE_INFINITY ? this.#deferrable.nextTick : next) - INITIAL) * TICK_NS;
  }
  runDue(): void {
    this.#isRaised = true;
    this.#deps.softirqs.raise(SOFTIRQ.TIMER);
  }

  get #jiffies(): number { return INITIAL + this.#deps.clock.ticks(); }

  // Timeouts of the kernel

  /** Calls `expire` at the tick where a timer of that many ticks fires; returns the function that takes it back. */
  addTimeout(ticks: number, expire: () => void): () => void {
    const now = this.#jiffies;
    const node = wheelNode(expire);
    this.#wheel.add(node, now + ticks, now);
    this.#deps.armed();
    return () => { if (node.bucket >= 0) this.#wheel.remove(node); };
  }

  // struct timer_list

  init(timer: Ptr, fn: Ptr, flags: number): void {
    const { ram } = this.#deps;
    ram.writePtr(timer + this.#offset.pprev, 0);
    ram.writePtr(timer + this.#offset.function, fn);
    ram.writeU32(timer + this.#offset.flags, flags);
  }
  isPending(timer: Ptr): boolean { return this.#deps.ram.readPtr(timer + this.#offset.pprev) !== 0; }
  expires(timer: Ptr): number { return this.#deps.ram.readPtr(timer + this.#offset.expires); }

  /** mod_timer(): 1 if it was pending. A timer that is shut down stays so. `expires` in jiffies. */
  modify(timer: Ptr, expires: number, pendingOnly = false): number {
    const { ram } = this.#deps;
    const wasPending = this.isPending(timer);
    if (pendingOnly && !wasPending) return 0;
    if (ram.readPtr(timer + this.#offset.function) === 0) return 0;
    if (wasPending) {
      if (this.expires(timer) === expires) return 1;
      this.#detach(timer);
    }
    ram.writePtr(timer + this.#offset.expires, expires);
    const flags = ram.readU32(timer + this.#offset.flags);
    const wheel = (flags & TIMER_DEFERRABLE) !== 0 ? this.#deferrable : this.#wheel;
    const node = this.#nodeOf(timer);
    wheel.add(node, expires, this.#jiffies);
    ram.writeU32(timer + this.#offset.flags, flags % ARRAY_UNIT + node.bucket * ARRAY_UNIT);
    // Linux links the timer into its bucket; nobody but the wheel follows the pointer.
    ram.writePtr(timer + this.#offset.pprev, timer);
    this.#deps.armed();
    return wasPending ? 1 : 0;
  }
  /** timer_reduce(): only to an earlier time. */
  reduce(timer: Ptr, expires: number): number {
    return this.isPending(timer) && this.expires(timer) <= expires ? 1 : this.modify(timer, expires);
  }
  /** timer_delete(): 1 if it was pending. */
  remove(timer: Ptr): number {
    if (!this.isPending(timer)) return 0;
    this.#detach(timer);
    return 1;
  }
  /** try_to_del_timer_sync(): -1 while its callback runs. */
  tryToRemove(timer: Ptr): number { return this.#running === timer ? -1 : this.remove(timer); }
  /** timer_delete_sync(). With one CPU a callback that runs can only be what called us, or what we interrupted: it never ends. */
  removeSync(timer: Ptr, symbol: string): number {
    if (this.#running === timer) this.#deps.lockedUp(symbol);
    return this.remove(timer);
  }
  /** timer_shutdown(): removed for good. */
  shutdown(timer: Ptr): number {
    const wasPending = this.remove(timer);
    this.#deps.ram.writePtr(timer + this.#offset.function, 0);
    return wasPending;
  }

  #nodeOf(timer: Ptr): GuestTimer {
    const known = this.#pending.get(timer);
    if (known) {
      // Initialised again while it was pending: the bytes have forgotten, the wheel has not.
      if (known.bucket >= 0) this.#wheelOf(timer).remove(known);
      return known;
    }
    const node: GuestTimer = Object.assign(wheelNode(() => this.#expire(node)), { address: timer });
    this.#pending.set(timer, node);
    return node;
  }
  #wheelOf(timer: Ptr): TimerWheel {
    return (this.#deps.ram.readU32(timer + this.#offset.flags) & TIMER_DEFERRABLE) !== 0 ? this.#deferrable : this.#wheel;
  }
  #detach(timer: Ptr): void {
    const node = this.#pending.get(timer);
    if (node && node.bucket >= 0) this.#wheelOf(timer).remove(node);
    this.#pending.delete(timer);
    this.#deps.ram.writePtr(timer + this.#offset.pprev, 0);
  }

  #expire(node: GuestTimer): void {
    const { ram, cpu, context } = this.#deps;
    const { address } = node;
    const fn = ram.readPtr(address + this.#offset.function);
    const flags = ram.readU32(address + this.#offset.flags);
    ram.writePtr(address + this.#offset.pprev, 0);
    this.#pending.delete(address);
    if (fn === 0) return;
    const outer = this.#running;
    this.#running = address;
    const isIrqSafe = (flags & TIMER_IRQSAFE) !== 0;
    if (isIrqSafe) context.areInterruptsDisabled = true;
    try {
      cpu.call(fn, [address], this.#callSite);
    } finally {
      this.#running = outer;
      if (isIrqSafe) context.areInterruptsDisabled = false;
    }
  }
}
