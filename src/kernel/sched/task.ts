// A task: the bytes of its `struct task_struct` live in RAM and are what modules read; this object holds what they cannot
// see, the computation that runs as the task. Linux: struct task_struct, kernel/fork.c.

import type { Ptr } from '../../base/ptr.ts';
import type { KernelStack, Sleeping } from '../../cpu/api.ts';

/** Bits of task_struct.__state (include/linux/sched.h); stable user-visible facts (`ps`, /proc/PID/stat). */
export const TASK_RUNNING = 0;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
export const TASK_DEAD = 0x80;

/** PF_KTHREAD in task_struct.flags. */
export const PF_KTHREAD = 0x0020_0000;

/** x86-64 THREAD_SIZE: 16 KiB, with an unmapped guard page below on Linux. */
export const THREAD_SIZE = 0x4000;

export class Task {
  readonly pid: number;
  readonly comm: string;
  readonly address: Ptr<'task_struct'>;
  readonly stack: KernelStack;
  readonly uid = 0;
  /** What the task runs; undefined for a task that only lends its context (the host's door, idle). */
  body: Sleeping<unknown> | undefined;
  isDead = false;

  constructor(pid: number, comm: string, address: Ptr<'task_struct'>, stack: KernelStack) {
    this.pid = pid;
    this.comm = comm;
    this.address = address;
    this.stack = stack;
  }
}
