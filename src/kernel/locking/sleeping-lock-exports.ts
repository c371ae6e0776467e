// Exported symbols of the locks that sleep: mutexes, semaphores, reader-writer semaphores.

import { MAX_SCHEDULE_TIMEOUT, TASK_INTERRUPTIBLE as INTERRUPTIBLE, TASK_UNINTERRUPTIBLE as UNINTERRUPTIBLE, TASK_WAKEKILL } from '../../abi/task-states.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Sleeping } from '../../cpu/api.ts';
import { type ExportTable, fn, sleeping } from '../exports/define.ts';
import type { Mutexes } from './mutex.ts';
import type { Rwsems } from './rwsem.ts';
import type { Semaphores } from './semaphore.ts';

const KILLABLE = TASK_WAKEKILL | UNINTERRUPTIBLE;

export interface SleepingLocks { readonly mutexes: Mutexes; readonly semaphores: Semaphores; readonly rwsems: Rwsems }

/** For functions that return nothing: the wait, without its result. */
const done = (result: number | Sleeping<number>): undefined | Sleeping<void> =>
  typeof result === 'number' ? undefined : (function* () { yield* result; })();

export function sleepingLockExports({ mutexes, semaphores, rwsems }: SleepingLocks): ExportTable {
  return {
    __mutex_init: fn('__mutex_init', (mutex: Ptr<'mutex'>, _name: Ptr<'char'>, _key: Ptr<'lock_class_key'>) => { mutexes.init(mutex); }),
    mutex_lock: sleeping('mutex_lock', (mutex: Ptr<'mutex'>) => done(mutexes.lock(mutex, UNINTERRUPTIBLE))),
    mutex_lock_interruptible: sleeping('mutex_lock_interruptible', (mutex: Ptr<'mutex'>) => mutexes.lock(mutex, INTERRUPTIBLE)),
    mutex_lock_killable: sleeping('mutex_lock_killable', (mutex: Ptr<'mutex'>) => mutexes.lock(mutex, KILLABLE)),
    mutex_lock_io: sleeping('mutex_lock_io', (mutex: Ptr<'mutex'>) => done(mutexes.lock(mutex, UNINTERRUPTIBLE))),
    mutex_trylock: fn('mutex_trylock', (mutex: Ptr<'mutex'>) => (mutexes.trylock(mutex) ? 1 : 0)),
    mutex_unlock: fn('mutex_unlock', (mutex: Ptr<'mutex'>) => { mutexes.unlock(mutex); }),
    mutex_is_locked: fn('mutex_is_locked', (mutex: Ptr<'mutex'>) => mutexes.isLocked(mutex)),

    down: sleeping('down', (sem: Ptr<'semaphore'>) => done(semaphores.down(sem, UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT))),
    down_interruptible: sleeping('down_interruptible', (sem: Ptr<'semaphore'>) => semaphores.down(sem, INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT)),
    down_killable: sleeping('down_killable', (sem: Ptr<'semaphore'>) => semaphores.down(sem, KILLABLE, MAX_SCHEDULE_TIMEOUT)),
    down_timeout: sleeping('down_timeout', (sem: Ptr<'semaphore'>, timeout: number) => semaphores.down(sem, UNINTERRUPTIBLE, timeout)),
    // 1 when it could not be had: the reverse of the other trylocks.
    down_trylock: fn('down_trylock', (sem: Ptr<'semaphore'>) => (semaphores.trydown(sem) ? 0 : 1)),
    up: fn('up', (sem: Ptr<'semaphore'>) => { semaphores.up(sem); }),

    __init_rwsem: fn('__init_rwsem', (sem: Ptr<'rw_semaphore'>, _name: Ptr<'char'>, _key: Ptr<'lock_class_key'>) => { rwsems.init(sem); }),
    down_read: sleeping('down_read', (sem: Ptr<'rw_semaphore'>) => done(rwsems.read(sem, UNINTERRUPTIBLE))),
    down_read_interruptible: sleeping('down_read_interruptible', (sem: Ptr<'rw_semaphore'>) => rwsems.read(sem, INTERRUPTIBLE)),
    down_read_killable: sleeping('down_read_killable', (sem: Ptr<'rw_semaphore'>) => rwsems.read(sem, KILLABLE)),
    down_read_trylock: fn('down_read_trylock', (sem: Ptr<'rw_semaphore'>) => (rwsems.tryRead(sem) ? 1 : 0)),
    down_write: sleeping('down_write', (sem: Ptr<'rw_semaphore'>) => done(rwsems.write(sem, UNINTERRUPTIBLE))),
    down_write_killable: sleeping('down_write_killable', (sem: Ptr<'rw_semaphore'>) => rwsems.write(sem, KILLABLE)),
    down_write_trylock: fn('down_write_trylock', (sem: Ptr<'rw_semaphore'>) => (rwsems.tryWrite(sem) ? 1 : 0)),
    up_read: fn('up_read', (sem: Ptr<'rw_semaphore'>) => { rwsems.upRead(sem); }),
    up_write: fn('up_write', (sem: Ptr<'rw_semaphore'>) => { rwsems.upWrite(sem); }),
    downgrade_write: fn('downgrade_write', (sem: Ptr<'rw_semaphore'>) => { rwsems.downgrade(sem); }),
  };
}
