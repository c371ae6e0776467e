// Who runs: the one place where tasks are created, switched and put to sleep. A task gives way only by yielding a Wait, so a
// switch is always at a point that the running code chose (later also at a spent budget). Linux: kernel/sched/core.c.
// Everything is deterministic: the run queue is in wake order.

import { assert } from '../../base/assert.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Abi, Field } from '../../abi/abi.ts';
import type { Cpu, Sleeping, Wait } from '../../cpu/api.ts';
import { Errno } from '../errors.ts';
import type { Allocator, PerCpu, Tasks } from '../services.ts';
import { GFP_KERNEL } from '../services.ts';
import { EventQueue } from './event-queue.ts';
import { Task, THREAD_SIZE, WAIT_SLOT_SIZE } from './task.ts';
import { MAX_SCHEDULE_TIMEOUT, PF_KTHREAD, TASK_INTERRUPTIBLE, TASK_NORMAL, TASK_RUNNING, TASK_WAKEKILL } from '../../abi/task-states.ts';

/** Lower numbers are init, kthreadd and the threads that a booted Linux has. */
const FIRST_PID = 100;

/** The one reason to leave the processor: the task called schedule(); task_struct.__state says whether it may run on. */
export const SCHEDULE: Wait = { kind: 'schedule' };

/** Where compilers find the stack protector's canary: %gs:0x28 (GCC's x86-64 default). */
const STACK_CANARY_OFFSET = 0x28;

export interface SchedulerDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly allocator: Allocator;
  readonly perCpu: PerCpu;
  /** Address of init_task, zeroed bytes in kernel data. */
  readonly initTask: Ptr<'task_struct'>;
  /** Stack of the boot context. */
  readonly bootStack: Ptr;
  readonly time: SchedulerTime;
  /** Called whenever a task is about to give way: it may be in a context that must not. */
  readonly beforeSwitch: () => void;
}

/** What the scheduler needs of time; timers come in later, by the same object. */
export interface SchedulerTime {
  /** Ticks since boot. */
  ticks(): number;
  /** Runs `expire` when a timer of that many ticks fires; returns what takes it back. */
  addTimeout(ticks: number, expire: () => void): () => void;
  /** Runs `expire` between `ns` and `ns + slackNs` from now. */
  addPreciseTimeout(ns: number, slackNs: number, expire: () => void): () => void;
  /** Takes the interrupts that are due. */
  poll(): void;
  /** Nobody runs: lets time pass up to the next interrupt, at most up to `limitNs`, and takes it. False when none is to come. */
  idle(limitNs: number): boolean;
}

interface TaskFields { readonly state: Field; readonly pid: Field; readonly tgid: Field; readonly flags: Field; readonly stack: Field; readonly comm: number; readonly canary: Field; readonly parent: Field; readonly realParent: Field; readonly groupLeader: Field; readonly onCpu: Field }

export class Scheduler implements Tasks {
  readonly #deps: SchedulerDeps;
  readonly #fields: TaskFields;
  readonly #currentTaskOffset: number;
  readonly #byAddress = new Map<Ptr, Task>();
  readonly #runQueue: Task[] = [];
  /** What happens at a point of virtual time, as an interrupt. */
  readonly events = new EventQueue();
  readonly #idleTask: Task;
  #current: Task;
  /** The current task while its code runs; undefined between tasks. */
  #running: Task | undefined;
  #nextPid = FIRST_PID;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    const layout = deps.abi.struct('task_struct');
    const field = (path: string): Field => layout.field(path);
    this.#fields = {
      state: field('__state'), pid: field('pid'), tgid: field('tgid'), flags: field('flags'), stack: field('stack'), comm: layout.offset('comm'),
      canary: field('stack_canary'), parent: field('parent'), realParent: field('real_parent'), groupLeader: field('group_leader'), onCpu: field('on_cpu'),
    };
    // 6.1 has a per-CPU `current_task`; 6.12 keeps the pointer as the first word of `pcpu_hot`.
    const current = deps.abi.perCpuVariable('current_task') ?? deps.abi.perCpuVariable('pcpu_hot');
    assert(current, 'the ABI has neither current_task nor pcpu_hot');
    this.#currentTaskOffset = current.offset;
    this.#idleTask = this.#fill('swapper/0', 0, deps.initTask, deps.bootStack);
    this.#current = this.#idleTask;
    this.#enter(this.#idleTask);
  }

  get current(): Task { return this.#current; }
  taskAt(address: Ptr): Task | undefined { return this.#byAddress.get(address); }
  tasks(): Iterable<Task> { return this.#byAddress.values(); }

  /** A new task that runs `body` when it is first scheduled; without a body it lends its context to runAs(). */
  create(comm: string, body?: (task: Task) => Sleeping<unknown>, state = TASK_RUNNING): Task {
    const { allocator, abi } = this.#deps;
    const address = allocator.kmalloc(abi.sizeOf('task_struct'), GFP_KERNEL);
    const stackBase = allocator.kmalloc(THREAD_SIZE, GFP_KERNEL);
    if (!address || !stackBase) throw new Errno('ENOMEM', 'no memory for a task');
    const task = this.#fill(comm, this.#nextPid++, address, stackBase);
    if (body) {
      task.body = body(task);
      this.#fields.state.write(this.#deps.ram, address, state);
      if (state === TASK_RUNNING) this.#runQueue.push(task);
    }
    return task;
  }

  /** Starts a thread of the kernel itself, with `flags` beside PF_KTHREAD. */
  createKernelThread(comm: string, body: (task: Task) => Sleeping<unknown>, flags = 0): Task {
    const task = this.create(comm, body);
    this.#fields.flags.write(this.#deps.ram, task.address, PF_KTHREAD | flags);
    return task;
  }

  /** Frees a task that has ended. */
  reap(task: Task): void {
    assert(task !== this.#current, 'a task cannot reap itself');
    this.#byAddress.delete(task.address);
    this.#deps.allocator.kfree(task.stack.base);
    this.#deps.allocator.kfree(task.address);
  }

  /**
   * Runs `work` in the context of `task` until it ends, with the other tasks in between whenever it waits. This is how the
   * host's calls (insmod, rmmod ...) enter the kernel.
   */
  runAs<T>(task: Task, work: () => Sleeping<T>): T {
    const outer = this.#current;
    let result: { value: T } | undefined;
    let failure: { error: unknown } | undefined;
    task.body = (function* () {
      try {
        result = { value: yield* work() };
      } catch (error) {
        failure = { error };
      }
    })();
    this.#runQueue.unshift(task);
    try {
      while (!result && !failure) {
        this.#deps.time.poll();
        if (!this.#step() && !this.#idle()) throw new Errno('EDEADLK', `task ${task.comm} waits for something that nobody can do`);
      }
    } finally {
      task.body = undefined;
      this.#enter(outer);
    }
    if (failure) throw failure.error;
    return (result as { value: T }).value;
  }

  /** schedule(): gives way; returns when the task is running again. */
  *schedule(): Sleeping<void> {
    this.#deps.beforeSwitch();
    yield SCHEDULE;
  }

  /** set_current_state(). */
  setState(state: number): void { this.#fields.state.write(this.#deps.ram, this.#current.address, state); }

  /** schedule_timeout(): gives way for at most `timeout` jiffies in the state that was set; returns the jiffies left. */
  *scheduleTimeout(timeout: number): Sleeping<number> {
    if (timeout >= MAX_SCHEDULE_TIMEOUT) {
      yield* this.schedule();
      return timeout;
    }
    const { time } = this.#deps;
    const task = this.#current;
    const endTick = time.ticks() + Math.max(timeout, 0);
    const cancel = time.addTimeout(Math.max(timeout, 0), () => this.wake(task));
    yield* this.schedule();
    cancel();
    return Math.max(0, endTick - time.ticks());
  }

  /** Sleeps in `state` until `ns` have passed, and at most `slackNs` more (or a wake comes). */
  *sleepNs(ns: number, slackNs: number, state: number): Sleeping<void> {
    const task = this.#current;
    this.setState(state);
    const cancel = this.#deps.time.addPreciseTimeout(ns, slackNs, () => this.wake(task));
    yield* this.schedule();
    cancel();
  }

  /** signal_pending_state(): a signal is pending that ends a sleep in `state`. */
  hasSignalFor(state: number): boolean {
    return (state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) !== 0 && this.#current.hasPendingSignal;
  }

  /** Makes a task runnable that sleeps in one of the states of `mode` (try_to_wake_up); false when it does not. */
  wake(task: Task, mode = TASK_NORMAL): boolean {
    const state = this.#fields.state.read(this.#deps.ram, task.address) as number;
    if ((state & mode) === 0) return false;
    this.#fields.state.write(this.#deps.ram, task.address, TASK_RUNNING);
    if (task.body && task !== this.#running && !this.#runQueue.includes(task)) this.#runQueue.push(task);
    return true;
  }

  /** wake_up_process(): as `wake`, also for a task that has not run yet. */
  start(task: Task, mode = TASK_NORMAL): boolean { return !task.isDead && this.wake(task, mode); }

  /** Runs tasks and interrupts until every task sleeps; time passes for the work they do, and by jumps up to `untilNs`. */
  run(untilNs: number): void {
    const outer = this.#current;
    try {
      for (;;) {
        this.#deps.time.poll();
        if (!this.#step() && !this.#idle(untilNs)) return;
      }
    } finally {
      this.#enter(outer);
    }
  }
  /** A task other than the current one is ready to run. */
  get hasRunnable(): boolean { return this.#runQueue.length > 0; }

  /** No task is runnable: time passes, in the context of the idle task. */
  #idle(untilNs = Number.POSITIVE_INFINITY): boolean {
    if (this.#current !== this.#idleTask) this.#enter(this.#idleTask);
    return this.#deps.time.idle(untilNs);
  }

  /** Runs one task up to its next wait; false when none is runnable. */
  #step(): boolean {
    const task = this.#runQueue.shift();
    if (!task?.body) return false;
    this.#enter(task);
    const outer = this.#running;
    this.#running = task;
    let done: boolean | undefined;
    try {
      ({ done } = task.body.next());
    } finally {
      this.#running = outer;
    }
    if (done) task.isDead = true;
    else if (this.#fields.state.read(this.#deps.ram, task.address) === TASK_RUNNING) this.#runQueue.push(task);
    else task.onSleep?.();
    return true;
  }

  #enter(task: Task): void {
    const { cpu, perCpu, ram } = this.#deps;
    this.#current = task;
    ram.writePtr(perCpu.address(this.#currentTaskOffset, 0), task.address);
    ram.writePtr(perCpu.address(STACK_CANARY_OFFSET, 0), this.#fields.canary.read(ram, task.address) as number);
    cpu.useStack(task.stack);
  }

  #fill(comm: string, pid: number, address: Ptr<'task_struct'>, stackBase: Ptr): Task {
    const { ram, abi } = this.#deps;
    const f = this.#fields;
    ram.fill(address, abi.sizeOf('task_struct'));
    f.pid.write(ram, address, pid);
    f.tgid.write(ram, address, pid);
    f.stack.write(ram, address, stackBase);
    f.onCpu.write(ram, address, 0);
    // Deterministic, never 0, lowest byte 0 as Linux makes its canaries.
    f.canary.write(ram, address, Number((BigInt(pid + 1) * 0x9e37_79b9_7f4an) & 0x000f_ffff_ffff_ff00n));
    for (const link of [f.parent, f.realParent]) link.write(ram, address, this.#deps.initTask);
    f.groupLeader.write(ram, address, address);
    ram.writeCString(address + f.comm, comm.slice(0, 15));
    const task = new Task(pid, comm, address, { base: stackBase, size: THREAD_SIZE, rsp: stackBase + THREAD_SIZE - WAIT_SLOT_SIZE });
    this.#byAddress.set(address, task);
    return task;
  }
}

