// Exported symbols of RCU and SRCU. Linux: kernel/rcu/.

import type { Ptr } from '../../base/ptr.ts';
import { type ExportTable, fn, since, sleeping } from '../exports/define.ts';
import type { Rcu } from './rcu.ts';
import type { RcuReadSide } from './read-side.ts';
import type { Srcu } from './srcu.ts';

export interface RcuExportParts {
  readonly readers: RcuReadSide;
  readonly rcu: Rcu;
  readonly srcu: Srcu;
  readonly kvfree: (address: Ptr) => void;
}

/** Offsets of an rcu_head in its object are smaller than this: kfree_rcu() tells them from functions by it. */
const MAX_HEAD_OFFSET = 4096;

export function rcuExports({ readers, rcu, srcu, kvfree }: RcuExportParts): ExportTable {
  type Head = Ptr<'callback_head'>;
  const conditionally = function* (state: number) { if (!rcu.isOver(state)) yield* rcu.synchronize(); };
  return {
    __rcu_read_lock: fn('__rcu_read_lock', () => { readers.lock(); }),
    __rcu_read_unlock: fn('__rcu_read_unlock', () => { readers.unlock(); }),
    call_rcu: fn('call_rcu', (head: Head, func: Ptr) => { rcu.callGuest(head, func); }),
    call_rcu_hurry: since([6, 12], fn('call_rcu_hurry', (head: Ptr, func: Ptr) => { rcu.callGuest(head, func); })),
    /** 6.1 passes the offset of the head, later releases the object; without a head it is the object in both. */
    kvfree_call_rcu: fn('kvfree_call_rcu', (head: Head, what: Ptr) => {
      const object = what >= 0 && what < MAX_HEAD_OFFSET ? head - what : what;
      rcu.call(() => kvfree(object));
    }),
    kvfree_rcu_barrier: since([6, 12], sleeping('kvfree_rcu_barrier', () => rcu.barrier())),
    rcu_barrier: sleeping('rcu_barrier', () => rcu.barrier()),
    synchronize_rcu: sleeping('synchronize_rcu', () => rcu.synchronize()),
    synchronize_rcu_expedited: sleeping('synchronize_rcu_expedited', () => rcu.synchronizeExpedited()),
    get_state_synchronize_rcu: fn('get_state_synchronize_rcu', () => rcu.state() * SEQUENCE_UNIT),
    start_poll_synchronize_rcu: fn('start_poll_synchronize_rcu', () => rcu.startPoll() * SEQUENCE_UNIT),
    start_poll_synchronize_rcu_expedited: fn('start_poll_synchronize_rcu_expedited', () => rcu.startPoll() * SEQUENCE_UNIT),
    poll_state_synchronize_rcu: fn('poll_state_synchronize_rcu', (cookie: number) => isOver(rcu, cookie)),
    get_completed_synchronize_rcu: fn('get_completed_synchronize_rcu', () => COMPLETED),
    cond_synchronize_rcu: sleeping('cond_synchronize_rcu', (cookie: number) => conditionally(isOver(rcu, cookie) ? 0 : cookie / SEQUENCE_UNIT)),
    cond_synchronize_rcu_expedited: sleeping('cond_synchronize_rcu_expedited', (cookie: number) => conditionally(isOver(rcu, cookie) ? 0 : cookie / SEQUENCE_UNIT)),
    rcu_is_watching: fn('rcu_is_watching', () => true),
    rcu_gp_is_normal: fn('rcu_gp_is_normal', () => false),
    rcu_gp_is_expedited: fn('rcu_gp_is_expedited', () => false),
    ...srcuExports(srcu),
  };
}

/** Sequence numbers leave two bits for the state of a grace period; one value with such a bit stands for "over". */
const SEQUENCE_UNIT = 4;
const COMPLETED = 1;
const isOver = (rcu: Rcu, cookie: number): boolean => cookie === COMPLETED || rcu.isOver(cookie / SEQUENCE_UNIT);

function srcuExports(srcu: Srcu): ExportTable {
  type Domain = Ptr<'srcu_struct'>;
  return {
    init_srcu_struct: fn('init_srcu_struct', (domain: Domain) => {
      srcu.init(domain);
      return 0;
    }),
    cleanup_srcu_struct: fn('cleanup_srcu_struct', (domain: Domain) => { srcu.cleanup(domain); }),
    __srcu_read_lock: fn('__srcu_read_lock', (domain: Domain) => srcu.readLock(domain)),
    __srcu_read_unlock: fn('__srcu_read_unlock', (domain: Domain, index: number) => { srcu.readUnlock(domain, index); }),
    call_srcu: fn('call_srcu', (domain: Domain, head: Ptr<'callback_head'>, func: Ptr) => { srcu.callGuest(domain, head, func); }),
    synchronize_srcu: sleeping('synchronize_srcu', (domain: Domain) => srcu.synchronize(domain)),
    synchronize_srcu_expedited: sleeping('synchronize_srcu_expedited', (domain: Domain) => srcu.synchronize(domain)),
    srcu_barrier: sleeping('srcu_barrier', (domain: Domain) => srcu.barrier(domain)),
  };
}
