// What functions take and give when wasm functions call each other: which argument registers are really read, whether rdx
// leaves by the register block, and whether the function keeps to the System V convention at all. Within one unit callees are
// known, so the analysis runs over the whole unit until nothing changes.

import { RAX, RDX, RSP, type Block, type Insn, type IrFunction, type Stmt } from '../../ir/ir.ts';
import { ARGUMENT_REGISTERS, CALLEE_SAVED, CALLER_SAVED, regsLiveBeforeStmt } from '../../ir/liveness.ts';
import { regsRead, termExprs } from '../../ir/visit.ts';
import { successors } from '../../ir/work.ts';
import { writtenRegisters } from './checked-bases.ts';
import { isStackAddress } from './address.ts';
import type { ControlFlow, FlowNode } from './control-flow.ts';

export interface Signature {
  /** Argument registers that the function reads, as a mask. */
  readonly reads: number;
  /** It reads a register that the convention leaves undefined at entry (hand-written assembler): only the interpreter runs it. */
  readonly isStrict: boolean;
  /** It changes rdx otherwise than by calls, so rdx may be a result. */
  readonly changesRdx: boolean;
  /** Registers read after a block's terminator, and before it, as far as the program goes (exits not counted). */
  readonly liveAfter: ReadonlyMap<Block, number>;
  readonly liveBeforeTerm: ReadonlyMap<Block, number>;
  /** Registers read from a block's start on, by the address of the block. */
  readonly liveBefore: ReadonlyMap<number, number>;
}

/** Registers a call to `address` reads; undefined for a callee outside of the unit. */
type CalleeReads = (address: number) => number | undefined;

const CONVENTIONAL = ARGUMENT_REGISTERS | (1 << RSP);

export function signaturesOf(fns: readonly IrFunction[]): ReadonlyMap<number, Signature> {
  const signatures = new Map<number, Signature>();
  const reads = new Map(fns.map((fn) => [fn.entry, 0]));
  const calleeReads: CalleeReads = (address) => reads.get(address);
  const bodies = fns.map((fn) => new Body(fn));
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const body of bodies) {
      const { entry } = body.fn;
      const atReturn = (1 << RAX) | (body.changesRdx ? 1 << RDX : 0);
      // A function without a result leaves in rax whatever stood there.
      const isStrict = (body.solve(calleeReads, 0) & ~CONVENTIONAL) !== 0;
      const live = body.solve(calleeReads, atReturn);
      const now = live & ARGUMENT_REGISTERS;
      if (now !== reads.get(entry)) isChanged = true;
      reads.set(entry, now);
      signatures.set(entry, { reads: now, isStrict, changesRdx: body.changesRdx, liveAfter: body.liveAfter, liveBeforeTerm: body.liveBeforeTerm, liveBefore: body.liveBefore });
    }
  }
  return signatures;
}

/** Register liveness of one function, with callees that read what they really read. */
class Body {
  readonly fn: IrFunction;
  readonly changesRdx: boolean;
  readonly liveAfter = new Map<Block, number>();
  readonly liveBeforeTerm = new Map<Block, number>();
  liveBefore: ReadonlyMap<number, number> = new Map();
  readonly #order: readonly Block[];
  /** Registers not yet written on any path to the block's start. */
  readonly #unwritten: ReadonlyMap<number, number>;

  constructor(fn: IrFunction) {
    this.fn = fn;
    this.#order = [...fn.blocks.values()].sort((a, b) => b.start - a.start);
    this.changesRdx = this.#order.some((block) => block.insns.some((insn) => insn.stmts.some((stmt) => (writtenRegisters(stmt) & (1 << RDX)) !== 0)));
    this.#unwritten = unwrittenAt(fn);
  }

  /** Registers live at the function's entry, when `atReturn` are read after it. */
  solve(calleeReads: CalleeReads, atReturn: number): number {
    const before = new Map<number, number>();
    for (let isChanged = true; isChanged;) {
      isChanged = false;
      for (const block of this.#order) {
        let after = block.term.t === 'ret' ? atReturn : 0;
        for (const target of successors(block)) after |= before.get(target) ?? 0;
        this.liveAfter.set(block, after);
        const live = this.#before(block, after, calleeReads);
        if (live === before.get(block.start)) continue;
        before.set(block.start, live);
        isChanged = true;
      }
    }
    this.liveBefore = before;
    return before.get(this.fn.entry) ?? 0;
  }

  #before(block: Block, after: number, calleeReads: CalleeReads): number {
    const { term } = block;
    let live = after;
    if (term.t === 'call' || term.t === 'tail') {
      live &= ~CALLER_SAVED;
      live |= (typeof term.target === 'number' ? calleeReads(term.target) : undefined) ?? ARGUMENT_REGISTERS;
    }
    for (const expr of termExprs(term)) live |= regsRead(expr);
    this.liveBeforeTerm.set(block, live);
    const { insns } = block;
    const unwritten = unwrittenBefore(block, this.#unwritten.get(block.start) ?? 0);
    for (let i = insns.length - 1; i >= 0; i--) {
      const { stmts } = insns[i]!;
      for (let k = stmts.length - 1; k >= 0; k--) {
        const stmt = stmts[k]!;
        if (savesUnknown(stmt, unwritten[i]!) !== 0) continue;
        live = regsLiveBeforeStmt(stmt, live) & ~mergedUnknown(stmt, unwritten[i]!);
      }
    }
    return live;
  }
}

const ENTRY_UNKNOWN = 0xffff & ~CONVENTIONAL;

/** Registers that no path from the entry has written yet at each block's start. */
function unwrittenAt(fn: IrFunction): ReadonlyMap<number, number> {
  const masks = new Map<number, number>([[fn.entry, ENTRY_UNKNOWN]]);
  const work = [fn.entry];
  while (work.length > 0) {
    const block = fn.blocks.get(work.pop()!);
    if (!block) continue;
    let mask = masks.get(block.start)!;
    for (const insn of block.insns) mask &= ~writtenByInsn(insn);
    if (block.term.t === 'call') mask &= ~CALLER_SAVED;
    for (const target of successors(block)) {
      const known = masks.get(target);
      const next = known === undefined ? mask : known & mask;
      if (next === known) continue;
      masks.set(target, next);
      work.push(target);
    }
  }
  return masks;
}
const writtenByInsn = (insn: Insn): number => insn.stmts.reduce((mask, stmt) => mask | writtenRegisters(stmt), 0);

/** Registers still unwritten before each instruction of a block. */
function unwrittenBefore(block: Block, atStart: number): number[] {
  let mask = atStart;
  return block.insns.map((insn) => {
    const before = mask;
    mask &= ~writtenByInsn(insn);
    return before;
  });
}

/**
 * The callee-saved register that a statement saves to the stack while it still holds the caller's value; 0 if it does not. Translated
 * code knows no such value: each frame keeps its own registers, so the saved one is never looked at.
 */
export function savesUnknown(stmt: Stmt, unwritten: number): number {
  if (stmt.s !== 'store' || stmt.size !== 8 || stmt.value.op !== 'reg' || !isStackAddress(stmt.addr)) return 0;
  return (1 << stmt.value.reg) & unwritten & CALLEE_SAVED;
}

/** The register that a statement sets partly (`sete %al`) while the rest, at which nobody looks, is unknown; 0 if it does not. */
function mergedUnknown(stmt: Stmt, unwritten: number): number {
  if (stmt.s !== 'reg' || !(unwritten >> stmt.reg & 1) || stmt.value.op !== 'or') return 0;
  const keeps = [stmt.value.a, stmt.value.b].some((part) => part.op === 'and' && part.a.op === 'reg' && part.a.reg === stmt.reg && part.b.op === 'const');
  return keeps ? 1 << stmt.reg : 0;
}

/** For each instruction of a function, by block start: the registers still unwritten before it. */
export function unwrittenRegisters(fn: IrFunction): (block: Block) => readonly number[] {
  const masks = unwrittenAt(fn);
  return (block) => unwrittenBefore(block, masks.get(block.start) ?? 0);
}

/**
 * Caller-saved registers that may hold an argument at each call: written since the last call (or come as `parameters`). The others
 * hold nothing, or what stands in the block since the function was entered.
 */
export function argumentsAtCalls(flow: ControlFlow, parameters: number): ReadonlyMap<Block, number> {
  const atStart = new Map<FlowNode, number>([[flow.nodes[0]!, parameters]]);
  const atTerm = new Map<Block, number>();
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const node of flow.nodes) {
      let mask = atStart.get(node) ?? 0;
      for (const insn of node.block.insns) mask |= writtenByInsn(insn);
      atTerm.set(node.block, mask);
      // A call leaves its results.
      if (node.block.term.t === 'call') mask = (1 << RAX) | (1 << RDX);
      for (const successor of node.successors) {
        const known = atStart.get(successor);
        const next = (known ?? 0) | mask;
        if (next === known) continue;
        atStart.set(successor, next);
        isChanged = true;
      }
    }
  }
  return atTerm;
}
