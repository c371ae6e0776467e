// A function prepared for interpretation: blocks become lists of closures, each when control first reaches it.

import type { Block, Expr, IrFunction } from '../ir.ts';
import { predicateLiveness, type Liveness } from '../liveness.ts';
import { lowerBlock } from '../lower-flags.ts';
import { chargePoints } from '../work.ts';
import { compile32, compile64, highHalf, lowHalf } from './expressions.ts';
import type { Machine } from './machine.ts';
import type { Eval, Step } from './memory.ts';
import { compileStmt } from './statements.ts';

/** Terminators by number, for the main loop. */
export const TERM = { jump: 0, branch: 1, call: 2, tail: 3, ret: 4, trap: 5 } as const;

export class BlockCode {
  readonly code: FunctionCode;
  readonly block: Block;
  readonly steps: Step[] = [];
  /** Address of the instruction that each step belongs to. */
  readonly pcs: number[] = [];
  /** Work charged at each entry; 0 for most blocks. */
  readonly weight: number;
  readonly term: number;
  readonly cond: Eval | undefined;
  /** Target of an indirect call or tail call. */
  readonly target: Eval | undefined;
  /** `next` of a call, as the halves that are pushed. */
  readonly nextLow: number;
  readonly nextHigh: number;
  readonly popBytes: number;
  /** Successors, once they were reached. */
  next: BlockCode | undefined;
  taken: BlockCode | undefined;
  /** What a direct call goes to, for whoever runs calls. */
  callee: unknown;

  constructor(code: FunctionCode, block: Block) {
    this.code = code;
    this.block = block;
    this.weight = code.weights.get(block.start) ?? 0;
    const m = code.machine;
    const lowered = lowerBlock(block, code.liveness);
    for (const insn of lowered.insns) {
      for (const stmt of insn.stmts) {
        this.steps.push(compileStmt(m, stmt));
        this.pcs.push(insn.pc);
      }
    }
    const term = block.term;
    this.term = TERM[term.t];
    this.cond = term.t === 'branch' ? compile32(m, term.cond) : undefined;
    this.target = (term.t === 'call' || term.t === 'tail') && typeof term.target !== 'number' ? compile64(m, term.target as Expr) : undefined;
    this.nextLow = term.t === 'call' ? lowHalf(term.next) : 0;
    this.nextHigh = term.t === 'call' ? highHalf(term.next) : 0;
    this.popBytes = term.t === 'ret' ? 8 + term.popBytes : 0;
  }

  /** The block behind a jump, the fall-through of a branch, the resume point of a call. */
  linkNext(): BlockCode {
    const term = this.block.term;
    this.next = this.code.blockAt(term.t === 'jump' ? term.target : (term as { next: number }).next)!;
    return this.next;
  }
  linkTaken(): BlockCode {
    this.taken = this.code.blockAt((this.block.term as { taken: number }).taken)!;
    return this.taken;
  }

  /** Address of the instruction at a step; the terminator's beyond the last one. */
  pcOf(step: number): number { return this.pcs[step] ?? this.block.termPc; }
  /** First step of the instruction that `step` belongs to: where it is run again. */
  restartOf(step: number): number {
    const pc = this.pcOf(step);
    let first = step;
    while (first > 0 && this.pcs[first - 1] === pc) first--;
    return first;
  }
}

/** Position of an instruction: a block and a step in it. */
export interface Position { readonly block: BlockCode; readonly step: number }

export class FunctionCode {
  readonly machine: Machine;
  readonly fn: IrFunction;
  readonly liveness: Liveness;
  readonly weights: ReadonlyMap<number, number>;
  /** Work that was charged while this code ran here. */
  work = 0;
  /** Work after which its loops return LEFT.hot. */
  workLimit = Number.POSITIVE_INFINITY;
  /** The bytes it was made from have changed. */
  isStale = false;
  /** Whoever keeps this code. */
  readonly owner: unknown;
  readonly #blocks = new Map<number, BlockCode>();

  constructor(machine: Machine, fn: IrFunction, owner?: unknown) {
    this.machine = machine;
    this.fn = fn;
    this.owner = owner;
    this.liveness = predicateLiveness(fn);
    this.weights = chargePoints(fn);
  }

  blockAt(start: number): BlockCode | undefined {
    const known = this.#blocks.get(start);
    if (known) return known;
    const block = this.fn.blocks.get(start);
    if (!block) return undefined;
    const made = new BlockCode(this, block);
    this.#blocks.set(start, made);
    return made;
  }
  /** What the call that ends the block at `start` went to when it last ran, in the form of whoever runs calls. */
  calleeAt(start: number): unknown { return this.#blocks.get(start)?.callee; }
  get entry(): BlockCode { return this.blockAt(this.fn.entry)!; }

  /** Where the instruction at `pc` begins; undefined when no instruction of the function does. */
  position(pc: number): Position | undefined {
    const direct = this.blockAt(pc);
    if (direct) return { block: direct, step: 0 };
    for (const block of this.fn.blocks.values()) {
      if (block.termPc !== pc && !block.insns.some((insn) => insn.pc === pc)) continue;
      const made = this.blockAt(block.start)!;
      // Instructions without statements have no step: the next one is where control is.
      let step = 0;
      for (const insn of block.insns) {
        if (insn.pc === pc) break;
        while (made.pcs[step] === insn.pc) step++;
      }
      return { block: made, step };
    }
    return undefined;
  }
}
