// Exported symbols of spinning locks: every lock in its plain, _bh, _irq and _irqsave form, from one table of the forms.

import { SOFTIRQ_DISABLE_OFFSET } from '../../abi/preempt-count.ts';
import type { Ptr } from '../../base/ptr.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { SpinLocks } from './spinlock.ts';

interface Kind {
  readonly lock: (locks: SpinLocks, lock: Ptr, symbol: string) => void;
  readonly trylock: (locks: SpinLocks, lock: Ptr) => boolean;
  readonly unlock: (locks: SpinLocks, lock: Ptr) => void;
}

const KINDS: Readonly<Record<'spin' | 'read' | 'write', Kind>> = {
  spin: { lock: (locks, lock, symbol) => locks.lock(lock, symbol), trylock: (locks, lock) => locks.trylock(lock), unlock: (locks, lock) => locks.unlock(lock) },
  read: { lock: (locks, lock, symbol) => locks.readLock(lock, symbol), trylock: (locks, lock) => locks.readTrylock(lock), unlock: (locks, lock) => locks.readUnlock(lock) },
  write: { lock: (locks, lock, symbol) => locks.writeLock(lock, symbol), trylock: (locks, lock) => locks.writeTrylock(lock), unlock: (locks, lock) => locks.writeUnlock(lock) },
};

export function spinlockExports(locks: SpinLocks): ExportTable {
  return {
    ...formsOf(locks, 'spin'), ...formsOf(locks, 'read'), ...formsOf(locks, 'write'),
    _raw_spin_trylock_bh: fn('_raw_spin_trylock_bh', (lock: Ptr) => {
      locks.bhDisable();
      if (locks.trylock(lock)) return 1;
      locks.bhEnable();
      return 0;
    }),
    __local_bh_enable_ip: fn('__local_bh_enable_ip', (_ip: number, count: number) => { locks.bhEnable(count); }),
    _local_bh_enable: fn('_local_bh_enable', () => { locks.bhEnable(SOFTIRQ_DISABLE_OFFSET); }),
  };
}

function formsOf(locks: SpinLocks, name: keyof typeof KINDS): ExportTable {
  const { lock, trylock, unlock } = KINDS[name];
  const symbol = (suffix: string): string => `_raw_${name}_${suffix}`;
  return {
    [symbol('lock')]: fn(symbol('lock'), (l: Ptr) => { lock(locks, l, symbol('lock')); }),
    [symbol('lock_bh')]: fn(symbol('lock_bh'), (l: Ptr) => {
      locks.bhDisable();
      lock(locks, l, symbol('lock_bh'));
    }),
    [symbol('lock_irq')]: fn(symbol('lock_irq'), (l: Ptr) => {
      locks.irqSave();
      lock(locks, l, symbol('lock_irq'));
    }),
    [symbol('lock_irqsave')]: fn(symbol('lock_irqsave'), (l: Ptr) => {
      const flags = locks.irqSave();
      lock(locks, l, symbol('lock_irqsave'));
      return flags;
    }),
    [symbol('trylock')]: fn(symbol('trylock'), (l: Ptr) => (trylock(locks, l) ? 1 : 0)),
    [symbol('unlock')]: fn(symbol('unlock'), (l: Ptr) => { unlock(locks, l); }),
    [symbol('unlock_bh')]: fn(symbol('unlock_bh'), (l: Ptr) => {
      unlock(locks, l);
      locks.bhEnable();
    }),
    // Interrupts come back before preemption does: what is pending then runs inside.
    [symbol('unlock_irq')]: fn(symbol('unlock_irq'), (l: Ptr) => {
      locks.preemptDisable();
      unlock(locks, l);
      locks.irqRestore(INTERRUPTS_ON);
      locks.preemptEnable();
    }),
    [symbol('unlock_irqrestore')]: fn(symbol('unlock_irqrestore'), (l: Ptr, flags: number) => {
      locks.preemptDisable();
      unlock(locks, l);
      locks.irqRestore(flags);
      locks.preemptEnable();
    }),
  };
}

/** RFLAGS.IF. */
const INTERRUPTS_ON = 0x200;
