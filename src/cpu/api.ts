// What the kernel sees of the processor: host functions at kernel text addresses, code regions of modules, calls into them,
// exceptions out of them. `src/cpu/cpu.ts` implements it over two engines; nothing here depends on which one runs.

import type { Ptr } from '../base/ptr.ts';

/** Why a task waits. Made by the scheduler, opaque for the processor. */
export interface Wait { readonly kind: string }
/** A computation that may sleep: yields what it waits for, is resumed when the wait is over. */
export type Sleeping<T> = Generator<Wait, T, unknown>;

/** Register file of the context in hand, as numbers or bigints. Index by `RAX` ... of `ir/ir.ts`. */
export interface Registers {
  /** Signed 64-bit value as a number (exact for addresses and whatever fits 53 bits). */
  get(reg: number): number;
  getBig(reg: number): bigint;
  set(reg: number, value: number | bigint): void;
}

/**
 * A function of the kernel at its own text address. It finds its arguments in `regs` (System V order: rdi rsi rdx rcx r8 r9,
 * then the guest stack above the return address at [rsp]) and leaves its result in rax (and rdx). A generator means that it
 * may sleep: it is stepped at once and costs nothing more when it does not.
 */
export interface HostFunction {
  (regs: Registers): void | Sleeping<void>;
  /**
   * Argument registers that it looks at, as a mask, where its prototype tells: translated code then hands over no others. Not set: all of
   * them and rax.
   */
  reads?: number;
}

/** Control transfers the compiler makes through named thunks; the translator resolves them instead of calling. */
export type SpecialTarget = { readonly kind: 'nop' } | { readonly kind: 'return' } | { readonly kind: 'indirect'; readonly reg: number };

export interface FunctionBounds { readonly address: Ptr; readonly size: number; readonly name: string }
/** Executable bytes in RAM, with the functions in them (from the symbol table), sorted or not. */
export interface CodeRegion { readonly base: Ptr; readonly size: number; readonly functions: readonly FunctionBounds[]; readonly owner: string }

/** x86 exception numbers used here. */
export const VECTOR = { DE: 0, DB: 1, NMI: 2, BP: 3, OF: 4, BR: 5, UD: 6, NM: 7, DF: 8, TS: 10, NP: 11, SS: 12, GP: 13, PF: 14 } as const;

/** State of one interrupted or waiting guest function, innermost of its chain. */
export interface GuestFrame {
  readonly functionName: string;
  pc: number;
  /** All sixteen registers; callee-saved ones are those of this frame. */
  readonly regs: BigInt64Array;
  /** RFLAGS image. */
  rflags: number;
}

/** A fault of guest code, before anything was done about it. */
export interface GuestException {
  readonly vector: number;
  /** Page-fault error code (SDM vol. 3, 4.7): bit 0 present, 1 write, 2 user, 4 instruction fetch. */
  readonly errorCode: number;
  /** Faulting address (CR2) of a page fault. */
  readonly address: number;
  /** Interrupted state; the handler may change pc and registers before it says 'resume'. */
  readonly frame: GuestFrame;
  /** What the engine knows beyond Linux: 'undecodable: <mnemonic>', 'stack overflow', 'budget' ... */
  readonly detail: string;
}

/** 'resume' continues at exception.frame; anything else must be thrown by the handler (see kernel/panic). */
export type ExceptionHandler = (exception: GuestException) => 'resume';

export type GuestWord = number | bigint | boolean;

export interface Cpu {
  readonly engine: 'interp' | 'wasm';
  onException: ExceptionHandler;
  /** Called when the work budget is spent, at a function entry or loop; returns a new budget (work units, below 2^31), or throws. */
  onBudget: (interrupted: GuestFrame) => number;
  /** Work done since boot, in units both engines count alike (function entries and loop back edges, weighted). */
  readonly workDone: number;

  /** Puts `fn` at text address `address` (a slot of kernel/image.ts). `name` appears in traces. */
  defineHostFunction(address: Ptr, name: string, fn: HostFunction): void;
  defineSpecialTarget(address: Ptr, target: SpecialTarget): void;

  addCode(region: CodeRegion): void;
  /** Forgets the region: a later call into it raises a page fault (instruction fetch). */
  removeCode(base: Ptr): void;
  /** Bytes of code changed (alternatives, static keys): drop translations that cover them. */
  invalidate(address: Ptr, size: number): void;

  /**
   * Calls guest (or kernel) function `address` with integer arguments on the current kernel stack and returns rax as a signed
   * number. `from` is the text address stored as return address: the kernel function that a trace shows as the caller.
   * The callee must not sleep: a Wait reaching here is our bug.
   */
  call(address: Ptr, args: readonly GuestWord[], from: Ptr): number;
  /** The same for a callee that may sleep. */
  callSleeping(address: Ptr, args: readonly GuestWord[], from: Ptr): Sleeping<number>;
  /** As `callSleeping`, run at once: undefined when the function has returned, the rest of the call when it waits. */
  start(address: Ptr, args: readonly GuestWord[], from: Ptr): Sleeping<number> | undefined;
  /** rax after the last call, all 64 bits. */
  readonly lastResult: bigint;

  /** Selects the kernel stack [base, base+size) that following calls use, from its top; returns the previous one. */
  useStack(stack: KernelStack): KernelStack;

  /** Walks return addresses of the current stack from (pc, rsp), innermost first. */
  unwind(pc: number, rsp: number): Iterable<{ readonly pc: number; readonly sp: number; readonly isReliable: boolean }>;
}

/** A task's kernel stack; `rsp` is where its next call pushes, up to date while the stack is not selected. */
export interface KernelStack { readonly base: Ptr; readonly size: number; rsp: Ptr }
