// Spinning locks as their words in RAM: `qspinlock` (1 while held) and `qrwlock` (readers in steps of 0x200, 0xff a writer), with
// the preemption, softirq and interrupt state that each form of lock and unlock changes. Linux: kernel/locking/spinlock.c,
// asm-generic/qspinlock_types.h, qrwlock.h.
// With one CPU nobody else can release a lock that is taken while we spin: that is a lock-up, and reported as such.

import { SOFTIRQ_DISABLE_OFFSET } from '../../abi/preempt-count.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { RFLAGS } from '../../x86/cpu-model.ts';

const LOCKED = 1;
const WRITER = 0xff;
const READER = 0x200;

/** The context of the CPU that takes locks. */
export interface LockContext { preemptCount: number; areInterruptsDisabled: boolean }

export interface SpinDeps {
  readonly ram: Ram;
  readonly context: LockContext;
  /** The lock can never be had: reports the lock-up and ends the task. */
  readonly lockedUp: (symbol: string) => never;
  /** Runs softirqs that came in while they were off. */
  readonly bottomHalvesEnabled: () => void;
}

export class SpinLocks {
  readonly #deps: SpinDeps;

  constructor(deps: SpinDeps) { this.#deps = deps; }

  lock(lock: Ptr, symbol: string): void {
    this.preemptDisable();
    if (!this.#take(lock)) this.#deps.lockedUp(symbol);
  }
  trylock(lock: Ptr): boolean {
    this.preemptDisable();
    if (this.#take(lock)) return true;
    this.preemptEnable();
    return false;
  }
  unlock(lock: Ptr): void {
    this.#deps.ram.writeU8(lock, 0);
    this.preemptEnable();
  }

  readLock(lock: Ptr, symbol: string): void {
    this.preemptDisable();
    if (!this.#takeRead(lock)) this.#deps.lockedUp(symbol);
  }
  readTrylock(lock: Ptr): boolean {
    this.preemptDisable();
    if (this.#takeRead(lock)) return true;
    this.preemptEnable();
    return false;
  }
  readUnlock(lock: Ptr): void {
    this.#deps.ram.writeU32(lock, this.#deps.ram.readU32(lock) - READER);
    this.preemptEnable();
  }
  writeLock(lock: Ptr, symbol: string): void {
    this.preemptDisable();
    if (!this.#takeWrite(lock)) this.#deps.lockedUp(symbol);
  }
  writeTrylock(lock: Ptr): boolean {
    this.preemptDisable();
    if (this.#takeWrite(lock)) return true;
    this.preemptEnable();
    return false;
  }
  writeUnlock(lock: Ptr): void {
    this.#deps.ram.writeU8(lock, 0);
    this.preemptEnable();
  }

  preemptDisable(): void { this.#deps.context.preemptCount++; }
  preemptEnable(): void { this.#deps.context.preemptCount--; }
  bhDisable(): void { this.#deps.context.preemptCount += SOFTIRQ_DISABLE_OFFSET; }
  bhEnable(count = SOFTIRQ_DISABLE_OFFSET): void {
    this.#deps.context.preemptCount -= count;
    this.#deps.bottomHalvesEnabled();
  }
  /** local_irq_save(): RFLAGS before. */
  irqSave(): number {
    const { context } = this.#deps;
    const flags = RFLAGS.FIXED | (context.areInterruptsDisabled ? 0 : RFLAGS.IF);
    context.areInterruptsDisabled = true;
    return flags;
  }
  irqRestore(flags: number): void { this.#deps.context.areInterruptsDisabled = (flags & RFLAGS.IF) === 0; }

  #take(lock: Ptr): boolean {
    if (this.#deps.ram.readU32(lock) !== 0) return false;
    this.#deps.ram.writeU32(lock, LOCKED);
    return true;
  }
  #takeRead(lock: Ptr): boolean {
    const count = this.#deps.ram.readU32(lock);
    if ((count & WRITER) !== 0) return false;
    this.#deps.ram.writeU32(lock, count + READER);
    return true;
  }
  #takeWrite(lock: Ptr): boolean {
    if (this.#deps.ram.readU32(lock) !== 0) return false;
    this.#deps.ram.writeU32(lock, WRITER);
    return true;
  }
}
