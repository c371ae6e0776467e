// A task: the bytes of its `struct task_struct` live in RAM and are what modules read; this object holds what they cannot
// see, the computation that runs as the task. Linux: struct task_struct, kernel/fork.c.

import type { Ptr } from '../../base/ptr.ts';
import type { KernelStack, Sleeping } from '../../cpu/api.ts';

/** x86-64 THREAD_SIZE: 16 KiB, with an unmapped guard page below on Linux. */
export const THREAD_SIZE = 0x4000;

/** Reserved at the top of each stack; holds a `struct swait_queue`. */
export const WAIT_SLOT_SIZE = 64;

export class Task {
  readonly pid: number;
  readonly comm: string;
  readonly address: Ptr<'task_struct'>;
  readonly stack: KernelStack;
  readonly uid = 0;
  /** What the task runs; undefined for a task that only lends its context (the host's door, idle). */
  body: Sleeping<unknown> | undefined;
  isDead = false;
  /** Called each time the task has given way and sleeps. */
  onSleep: (() => void) | undefined;
  hasPendingSignal = false;
  /** Bytes at the top of its stack for the entry with which it waits on a simple wait queue: a task waits on one at a time. */
  readonly waitSlot: Ptr;
  /** The entry in the wait slot is on a list. */
  isQueued = false;

  constructor(pid: number, comm: string, address: Ptr<'task_struct'>, stack: KernelStack) {
    this.pid = pid;
    this.comm = comm;
    this.address = address;
    this.stack = stack;
    this.waitSlot = stack.base + stack.size - WAIT_SLOT_SIZE;
  }
}
