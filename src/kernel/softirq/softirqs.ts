// Softirqs: work that interrupts leave for the moment they end. Raised by setting a bit of the per-CPU mask; served when the last
// interrupt handler returns, when bottom halves are enabled again, or by ksoftirqd if they are raised where neither is to come.
// A handler runs on the stack of whatever was interrupted, with SOFTIRQ_OFFSET in preempt_count, and may not sleep.
// Linux: kernel/softirq.c.

import type { SOFTIRQ } from '../../abi/softirq-numbers.ts';
import type { Abi } from '../../abi/abi.ts';
import { assert } from '../../base/assert.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Log, PerCpu } from '../services.ts';
import { HARDIRQ_OFFSET, INTERRUPT_MASK, SOFTIRQ_OFFSET } from '../../abi/preempt-count.ts';

export type SoftirqNumber = (typeof SOFTIRQ)[keyof typeof SOFTIRQ];
const NAMES = ['HI', 'TIMER', 'NET_TX', 'NET_RX', 'BLOCK', 'IRQ_POLL', 'TASKLET', 'SCHED', 'HRTIMER', 'RCU'];

/** Rounds served in a row before the rest is left to ksoftirqd. */
const MAX_RESTARTS = 10;
const KERN_ERR = 3;

/** The context of the CPU that serves. */
export interface InterruptContext { preemptCount: number; areInterruptsDisabled: boolean }

export interface SoftirqDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly perCpu: PerCpu;
  readonly context: InterruptContext;
  readonly log: Log;
  /** Softirqs are pending that no interrupt will serve: ksoftirqd has to. */
  readonly wakeDaemon: () => void;
}

export class Softirqs {
  readonly #deps: SoftirqDeps;
  /** Address of this CPU's __softirq_pending (16 bits), which modules inline. */
  readonly #pending: Ptr;
  readonly #handlers: ((() => void) | undefined)[] = NAMES.map(() => undefined);

  constructor(deps: SoftirqDeps) {
    this.#deps = deps;
    this.#pending = deps.perCpu.address(pendingOffset(deps.abi), 0);
  }

  /** open_softirq(). */
  open(number: SoftirqNumber, handler: () => void): void { this.#handlers[number] = handler; }

  get pending(): number { return this.#deps.ram.readU16(this.#pending); }
  get isInInterrupt(): boolean { return (this.#deps.context.preemptCount & INTERRUPT_MASK) !== 0; }
  /** in_serving_softirq() or a hardware interrupt: what runs borrows the stack of another context. */
  get isServing(): boolean { return (this.#deps.context.preemptCount & (INTERRUPT_MASK & ~0xfe00)) !== 0; }

  /** raise_softirq(). */
  raise(number: SoftirqNumber): void {
    this.#deps.ram.writeU16(this.#pending, this.pending | (1 << number));
    if (!this.isInInterrupt) this.#deps.wakeDaemon();
  }

  /** Runs an interrupt handler: hardirq context, interrupts off; when it is the outermost one, pending softirqs follow. */
  inHardirq(handler: () => void): void {
    const { context } = this.#deps;
    const wereOff = context.areInterruptsDisabled;
    context.areInterruptsDisabled = true;
    context.preemptCount += HARDIRQ_OFFSET;
    try {
      handler();
    } finally {
      context.preemptCount -= HARDIRQ_OFFSET;
      context.areInterruptsDisabled = wereOff;
    }
    if (!this.isInInterrupt && this.pending !== 0) this.run();
  }

  /** To be called when local_bh_enable() has taken its count back. */
  bottomHalvesEnabled(): void {
    if (this.pending !== 0 && !this.isInInterrupt && !this.#deps.context.areInterruptsDisabled) this.run();
  }

  /** do_softirq(): serves what is pending, in order of number, and what that raises. */
  run(): void {
    const { context, ram } = this.#deps;
    const wereOff = context.areInterruptsDisabled;
    context.preemptCount += SOFTIRQ_OFFSET;
    try {
      for (let restarts = MAX_RESTARTS, mask = this.pending; mask !== 0 && restarts > 0; mask = this.pending, restarts--) {
        ram.writeU16(this.#pending, 0);
        context.areInterruptsDisabled = false;
        for (let number = 0; mask !== 0; number++, mask >>= 1) if ((mask & 1) !== 0) this.#serve(number);
      }
    } finally {
      context.preemptCount -= SOFTIRQ_OFFSET;
      context.areInterruptsDisabled = wereOff;
    }
    if (this.pending !== 0) this.#deps.wakeDaemon();
  }

  #serve(number: number): void {
    const { context, log } = this.#deps;
    const handler = this.#handlers[number];
    assert(handler, `softirq ${NAMES[number]} has a handler`);
    const before = context.preemptCount;
    handler();
    const after = context.preemptCount;
    if (before === after) return;
    const text = (count: number): string => count.toString(16).padStart(8, '0');
    log.printk(KERN_ERR, `huh, entered softirq ${number} ${NAMES[number]} with preempt_count ${text(before)}, exited with ${text(after)}?\n`);
    context.preemptCount = before;
  }
}

/** 6.1 keeps the mask in `irq_stat`, later releases in `pcpu_hot`. */
function pendingOffset(abi: Abi): number {
  const hot = abi.perCpuVariable('pcpu_hot');
  if (hot) return hot.offset + abi.struct<string>('pcpu_hot').offset('softirq_pending');
  const stat = abi.perCpuVariable('irq_stat');
  assert(stat, 'the ABI has neither irq_stat nor pcpu_hot');
  return stat.offset + abi.struct<string>('irq_cpustat_t').offset('__softirq_pending');
}
