// The contract between the runtime (src/cpu) and translated code (src/cpu/wasm). The runtime owns guest state, decides what
// is translated, and continues whatever wasm frames leave behind; the back end owns the wasm table, its stubs and the code
// in it. Addresses cross as i32: a kernel address is its low 32 bits read as a signed number.
//
// State at the boundary ("the block" is the register block of layout.ts):
// - How translated functions pass arguments to each other is the back end's business (wasm/unit.ts); from outside they are entered by
//   `invoke`, with the arguments in the block. On entry [rsp] holds the return address that the caller pushed. At `ret` a
//   translated function stores rdx to the block if it ever changed it, so that a caller for which rdx
//   is live after a call loads it from there. Callee-saved registers are locals: the block's copies are clobbered by any call.
// - "Full state" means: all sixteen registers and the live predicates (BLOCK.preds) stand in the block, as they were before the
//   instruction at `pc` (restart rule of ir.ts), rsp included.
// - Unwinding. Where the runtime must stop a chain of frames it throws an object of its own. A wasm frame that waits in a call
//   catches it (catch_all), stores its callee-saved registers (rbx rbp r12-r15) and rsp to the block, calls `capture`, and
//   rethrows. Innermost frames come first. Exits that never return (`fault`) and full-state calls (`budget`, `intrinsic`) do
//   not count as a wait: a frame whose own exit threw must not capture, nor one that waits in a tail call. It may call
//   `capture` with site 0, which does nothing, or keep the exit outside of its try block.
// - Other exceptions (a task is killed, a bug) pass the same way; `capture` then does nothing.
// - Work is charged as ir/work.ts says: BLOCK.budget (i32) -= weight at each entry of a charged block, function entry after the
//   stack check; when the result is below zero, full state is stored and `budget(slot, pc)` called, or `fault` with EXIT.budget, pc being
//   the start of the block. Translated functions keep the budget in locals: BLOCK.budget is right whenever other code runs.
// - Stack check at function entry: (rsp - stack.depth) <u BLOCK.stackLimit, as one signed i64 compare: fault(EXIT.stackOverflow, entry).

import type { IrFunction } from '../ir/ir.ts';
import type { Ram } from '../base/ram.ts';

/** Why translated code leaves through `fault`. */
export const EXIT = {
  /** The instruction at pc cannot be finished here (failed address check, trapif, a `trap` terminator, anything untranslated): the interpreter redoes it from full state and decides. */
  redo: 0,
  /** The function at pc needs more stack than is left; full state as at its entry. */
  stackOverflow: 1,
  /**
   * The budget is below zero at the entry of charged block `pc`, which is charged and not begun; full state as at its start. Loops
   * and leaf functions leave this way, since a call that comes back would cost every iteration; entries of other functions call `budget`.
   */
  budget: 2,
} as const;

/** Imports of every translated module, under the module name 'cpu'. All parameters are i32. */
export interface RuntimeImports {
  /**
   * Runs host function `index`. Before: the block holds the caller-saved registers (at least rdi rsi rdx rcx r8 r9 rax) and rsp,
   * with the return address pushed at [rsp]. After: rax, rdx, rcx ... are in the block; rsp is unspecified.
   */
  hostCall(index: number): void;
  /**
   * What the stub of a slot does whose function is not translated: arguments and rsp are in the block as for hostCall; rax is
   * in the block afterwards. The slot may be translated meanwhile.
   */
  enter(slot: number): void;
  /**
   * Table slot for the indirect call whose 64-bit target stands in BLOCK.target. Called when the target cache misses, by the function
   * in slot 0, with the arguments and rsp in the block as for `enter` and the return address (of a call) pushed. Faults when no
   * code is there; callee-saved registers are then those of the frame that `capture` reports next, which waits in this call.
   */
  resolve(): number;
  /**
   * A frame of the function in `slot` is being unwound. `site` is the address at which it continues (the `next` of the call),
   * 0 for nothing to continue. `rspIsEntry` 1: BLOCK.regs[rsp] is the rsp at function entry, and the static offset at `site`
   * (ir/stack.ts) is applied by the runtime; 0: it is the rsp that holds after the call has returned.
   */
  capture(slot: number, site: number, rspIsEntry: number): void;
  /** Never returns. Full state in the block. */
  fault(slot: number, kind: number, pc: number): void;
  /** Full state in the block. Returns when the function may go on: the state is unchanged. */
  budget(slot: number, pc: number): void;
  /**
   * Runs the intrinsic statement `id` (WasmRuntime.intrinsic) of the instruction at pc. Full state in the block, the address of its
   * memory operand in BLOCK.target. Registers (and predicates) it writes are in the block afterwards.
   */
  intrinsic(id: number, slot: number, pc: number): void;
}

/** What a direct call or tail call goes to. */
export type Callee =
  | { readonly kind: 'guest'; readonly slot: number; readonly entry: number }
  | {
    readonly kind: 'host';
    readonly index: number;
    /** Registers that it may read, as a mask; all argument registers and rax where that is not known (see its prototype). */
    readonly reads?: number;
  }
  /** No code there (yet): go through `resolve` with the constant target. */
  | { readonly kind: 'none' };

/** One function to translate. Its exported wasm function goes to table[slot]. */
export interface TranslationUnit {
  readonly slot: number;
  readonly fn: IrFunction;
  /** Where indirect calls went when they last ran, by the start of their block. If it is in the same module, it is called directly. */
  readonly likely?: ReadonlyMap<number, number>;
}

/** What the runtime offers to the back end besides the imports. */
export interface WasmRuntime {
  readonly ram: Ram;
  readonly imports: RuntimeImports;
  /** Offset in RAM of this CPU's block. */
  readonly blockOffset: number;
  callee(address: number): Callee;
  /** Number of an intrinsic statement, stable for name and args. */
  intrinsic(name: string, args: readonly (number | bigint)[]): number;
}

/** What the runtime asks of the back end. Slots are numbers from 1 up, given by the runtime, never reused for another function. */
export interface WasmBackEnd {
  /** Slots up to `slot` exist from now on; new ones hold their stub (`enter(slot)`). */
  reserve(slot: number): void;
  /** Compiles the functions into one wasm module and puts them into the table. Returns the slots it could not translate. */
  translate(units: readonly TranslationUnit[]): readonly number[];
  /**
   * The stub again: code was changed or removed. Functions that were translated together with this one call it directly, so they
   * are reset too. Returns all slots that hold stubs now.
   */
  reset(slot: number): readonly number[];
  /** Runs table[slot]: the arguments and rsp are in the block, rax goes there. Throws what unwinds. */
  invoke(slot: number): void;
  /**
   * Makes the resumable version of a function; false if the function has none. `resume` then runs it from `pc`, the start of one of
   * its blocks, with full state in the block (the entry was charged already; the block at pc was charged by the caller),
   * until the function returns (a tail call is left to the interpreter, by `fault`); rax, rdx, callee-saved registers and rsp (return address popped) are in
   * the block then.
   */
  translateResumable(unit: TranslationUnit): boolean;
  resume(slot: number, pc: number): void;
}

export type WasmBackEndFactory = (runtime: WasmRuntime) => WasmBackEnd;

/**
 * Inline target cache of indirect calls, in RAM at TARGET_CACHE_OFFSET: direct mapped, TARGET_CACHE_ENTRIES entries of 8 bytes,
 * {i32 low half of the target, i32 slot}, entry number = (target >>> 4) & (entries - 1). A hit needs the upper half to be -1.
 * Filled by `resolve`, cleared by the runtime when code goes away (an empty entry's key belongs to another entry). A module that scribbles here harms its own machine.
 */
export const TARGET_CACHE_OFFSET = 0x10000;
export const TARGET_CACHE_ENTRIES = 1024;
