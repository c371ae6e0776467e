// One queueing of a work: from queue_work() to the end of its function.

import type { Ptr } from '../../base/ptr.ts';
import type { Sleeping } from '../../cpu/api.ts';
import type { Task } from '../sched/task.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { Generation, Workqueue } from './workqueue.ts';

export interface WorkItem {
  /** The struct work_struct; a made-up unique number for an item of the kernel's own. */
  readonly address: Ptr;
  /** Its function; read when it starts. */
  func: Ptr;
  /** What an item of the kernel's own does instead. */
  readonly run: (() => Sleeping<void>) | undefined;
  readonly queue: Workqueue;
  pool: WorkerPool | undefined;
  /** The one behind it in the list of its pool. */
  next: WorkItem | undefined;
  state: 'inactive' | 'pending' | 'running' | 'done';
  generation: Generation | undefined;
  /** Tasks that wait for its end. */
  waiters: Set<Task> | undefined;
}
