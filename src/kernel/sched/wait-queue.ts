// Wait queues: tasks (or callbacks) that wait for something to happen at a `struct wait_queue_head`. What the wait_event
// macros inline ends in these calls. Linux: kernel/sched/wait.c.

import type { Abi } from '../../abi/abi.ts';
import { listAdd, listAddTail, listDel, listDelInit, listEntries, listInit, listIsEmpty } from '../../abi/list-head.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu, Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from './scheduler.ts';
import { TASK_RUNNING } from '../../abi/task-states.ts';

/** wait_queue_entry.flags (include/linux/wait.h). */
export const WQ_FLAG_EXCLUSIVE = 0x01;
export const WQ_FLAG_WOKEN = 0x02;

export interface WaitQueueDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly scheduler: Scheduler;
  readonly context: { preemptCount: number };
  /** Kernel text address of an exported wake function, by name. */
  readonly text: (name: string) => Ptr;
  readonly callSite: (name: string) => Ptr;
}

type WakeFunction = (entry: Ptr, mode: number, flags: number, key: Ptr) => number;

export class WaitQueues {
  readonly #deps: WaitQueueDeps;
  readonly #head: number;
  readonly #offset: { readonly flags: number; readonly private: number; readonly func: number; readonly entry: number };
  /** Wake functions of the kernel, by text address: called without a detour through the processor. */
  #known: ReadonlyMap<Ptr, WakeFunction> | undefined;

  constructor(deps: WaitQueueDeps) {
    this.#deps = deps;
    this.#head = deps.abi.struct('wait_queue_head').offset('head');
    const entry = deps.abi.struct('wait_queue_entry');
    this.#offset = { flags: entry.offset('flags'), private: entry.offset('private'), func: entry.offset('func'), entry: entry.offset('entry') };
  }

  #knownFunctions(): ReadonlyMap<Ptr, WakeFunction> {
    const { text } = this.#deps;
    return this.#known ??= new Map<Ptr, WakeFunction>([
      [text('default_wake_function'), (e, mode) => this.defaultWake(e, mode)],
      [text('autoremove_wake_function'), (e, mode) => this.autoremoveWake(e, mode)],
      [text('woken_wake_function'), (e, mode) => this.wokenWake(e, mode)],
    ]);
  }

  /** __init_waitqueue_head(): unlocked and empty. */
  init(queue: Ptr): void {
    this.#deps.ram.writeU32(queue, 0);
    listInit(this.#deps.ram, queue + this.#head);
  }
  /** init_wait_entry(): an entry that wakes the current task and removes itself. */
  initEntry(entry: Ptr, flags: number): void {
    const { ram, scheduler } = this.#deps;
    ram.writeU32(entry + this.#offset.flags, flags);
    ram.writePtr(entry + this.#offset.private, scheduler.current.address);
    ram.writePtr(entry + this.#offset.func, this.#deps.text('autoremove_wake_function'));
    listInit(ram, entry + this.#offset.entry);
  }

  add(queue: Ptr, entry: Ptr, isExclusive: boolean): void {
    this.#setExclusive(entry, isExclusive);
    this.#enqueue(queue, entry, isExclusive);
  }
  remove(entry: Ptr): void { listDel(this.#deps.ram, entry + this.#offset.entry); }

  isDetached(entry: Ptr): boolean { return listIsEmpty(this.#deps.ram, entry + this.#offset.entry); }
  append(queue: Ptr, entry: Ptr): void { this.#enqueue(queue, entry, true); }
  /** The lock word of the queue, around a sleep of somebody who holds it. */
  locked(queue: Ptr): void {
    this.#deps.context.preemptCount++;
    this.#deps.ram.writeU32(queue, 1);
  }
  unlocked(queue: Ptr): void {
    this.#deps.ram.writeU32(queue, 0);
    this.#deps.context.preemptCount--;
  }

  /** prepare_to_wait(_exclusive): queued if not yet, state set; true if the queue was empty. */
  prepare(queue: Ptr, entry: Ptr, state: number, isExclusive: boolean): boolean {
    const { ram, scheduler } = this.#deps;
    this.#setExclusive(entry, isExclusive);
    const wasEmpty = listIsEmpty(ram, queue + this.#head);
    if (listIsEmpty(ram, entry + this.#offset.entry)) this.#enqueue(queue, entry, isExclusive);
    scheduler.setState(state);
    return wasEmpty;
  }
  /** prepare_to_wait_event(): -ERESTARTSYS when a signal that `state` admits is pending. */
  prepareEvent(queue: Ptr, entry: Ptr, state: number): number {
    const { ram, scheduler } = this.#deps;
    if (scheduler.hasSignalFor(state)) {
      listDelInit(ram, entry + this.#offset.entry);
      return -ERRNO.ERESTARTSYS;
    }
    if (listIsEmpty(ram, entry + this.#offset.entry)) this.#enqueue(queue, entry, (ram.readU32(entry + this.#offset.flags) & WQ_FLAG_EXCLUSIVE) !== 0);
    scheduler.setState(state);
    return 0;
  }
  /** finish_wait(). */
  finish(entry: Ptr): void {
    const { ram, scheduler } = this.#deps;
    scheduler.setState(TASK_RUNNING);
    if (!listIsEmpty(ram, entry + this.#offset.entry)) listDelInit(ram, entry + this.#offset.entry);
  }
  /** wait_woken(): sleeps unless a wake came since the last call; returns what is left of the timeout in jiffies. */
  *waitWoken(entry: Ptr, state: number, timeout: number): Sleeping<number> {
    const { ram, scheduler } = this.#deps;
    scheduler.setState(state);
    const flags = entry + this.#offset.flags;
    const left = (ram.readU32(flags) & WQ_FLAG_WOKEN) === 0 ? yield* scheduler.scheduleTimeout(timeout) : timeout;
    scheduler.setState(TASK_RUNNING);
    ram.writeU32(flags, ram.readU32(flags) & ~WQ_FLAG_WOKEN);
    return left;
  }

  /** __wake_up(): every shared waiter in `mode` and at most `nrExclusive` exclusive ones (0: all). Returns how many exclusive ones. */
  wake(queue: Ptr, mode: number, nrExclusive: number, key: Ptr = 0): number {
    const { ram } = this.#deps;
    let left = nrExclusive;
    for (const link of listEntries(ram, queue + this.#head)) {
      const entry = link - this.#offset.entry;
      const flags = ram.readU32(entry + this.#offset.flags);
      const result = this.#callWake(entry, mode, 0, key);
      if (result < 0) break;
      if (result !== 0 && (flags & WQ_FLAG_EXCLUSIVE) !== 0 && --left === 0) break;
    }
    return nrExclusive - left;
  }
  defaultWake(entry: Ptr, mode: number): number {
    const { ram, scheduler } = this.#deps;
    const task = scheduler.taskAt(ram.readPtr(entry + this.#offset.private));
    return task && scheduler.wake(task, mode) ? 1 : 0;
  }
  autoremoveWake(entry: Ptr, mode: number): number {
    const result = this.defaultWake(entry, mode);
    if (result) listDelInit(this.#deps.ram, entry + this.#offset.entry);
    return result;
  }
  wokenWake(entry: Ptr, mode: number): number {
    const flags = entry + this.#offset.flags;
    this.#deps.ram.writeU32(flags, this.#deps.ram.readU32(flags) | WQ_FLAG_WOKEN);
    return this.defaultWake(entry, mode);
  }

  #callWake(entry: Ptr, mode: number, flags: number, key: Ptr): number {
    const func = this.#deps.ram.readPtr(entry + this.#offset.func);
    const known = this.#knownFunctions().get(func);
    return known ? known(entry, mode, flags, key) : this.#deps.cpu.call(func, [entry, mode, flags, key], this.#deps.callSite('__wake_up_common')) | 0;
  }
  #enqueue(queue: Ptr, entry: Ptr, atTail: boolean): void {
    (atTail ? listAddTail : listAdd)(this.#deps.ram, entry + this.#offset.entry, queue + this.#head);
  }
  #setExclusive(entry: Ptr, isExclusive: boolean): void {
    const flags = entry + this.#offset.flags;
    const old = this.#deps.ram.readU32(flags);
    this.#deps.ram.writeU32(flags, isExclusive ? old | WQ_FLAG_EXCLUSIVE : old & ~WQ_FLAG_EXCLUSIVE);
  }
}
