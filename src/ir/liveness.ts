// Which predicates and registers are read later, block by block. Predicates are dead across calls, tail calls and returns (the
// x86-64 ABI keeps no flag there) and at `trap` terminators: code behind a `ud2` that a WARN resumes is compiled with flags
// clobbered, and an oops prints the flags that happen to be known. Within a block a faulting or interrupted instruction needs
// exactly the predicates live before it, because the other engine redoes it from there; so nothing extra is kept for exits.

import { flagsLiveBefore } from './flags.ts';
import { PREDICATES, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, type Block, type Insn, type IrFunction, type Pred, type Stmt } from './ir.ts';
import { ALL_PREDICATES, INTRINSIC_FLAGS, predsRead, regsRead, stmtExprs, stringReads, stringSetsFlags, stringWrites, termExprs, termPreds } from './visit.ts';
import { successors } from './work.ts';

export interface Liveness {
  /** Mask of what is live before the first instruction of a block. */
  before(block: Block): number;
  /** Mask of what is live after the block's terminator, by what its successors need. */
  after(block: Block): number;
}

/** Backward data flow over masks: `transfer` takes what is live after the block to what is live before it. */
function solve(fn: IrFunction, atExit: (block: Block) => number, transfer: (block: Block, after: number) => number): Liveness {
  const before = new Map<number, number>();
  const predecessors = new Map<number, Block[]>();
  for (const block of fn.blocks.values()) {
    for (const target of successors(block)) {
      const known = predecessors.get(target);
      if (known) known.push(block);
      else predecessors.set(target, [block]);
    }
  }
  const after = (block: Block): number => {
    let mask = atExit(block);
    for (const target of successors(block)) mask |= before.get(target) ?? 0;
    return mask;
  };
  const work = [...fn.blocks.values()];
  while (work.length > 0) {
    const block = work.pop()!;
    const mask = transfer(block, after(block));
    if (mask === before.get(block.start)) continue;
    before.set(block.start, mask);
    const sources = predecessors.get(block.start);
    if (sources) work.push(...sources);
  }
  return { before: (block) => before.get(block.start) ?? 0, after };
}

export const predNames = (mask: number): Pred[] => PREDICATES.filter((_, index) => mask & (1 << index));

/** Predicates live before a statement, given those live after it. */
export function predsLiveBeforeStmt(stmt: Stmt, live: number): number {
  switch (stmt.s) {
    case 'flags': live = flagsLiveBefore(stmt, live); break;
    case 'pred': live &= ~(1 << PREDICATES.indexOf(stmt.pred)); break;
    case 'string': return stringSetsFlags(stmt) && stmt.rep === 'none' ? 0 : live;
    case 'intrinsic': if (stmt.reads & INTRINSIC_FLAGS) live = ALL_PREDICATES; break;
    default: break;
  }
  for (const e of stmtExprs(stmt)) live |= predsRead(e);
  return live;
}
export function predsLiveBeforeInsn(insn: Insn, live: number): number {
  for (let i = insn.stmts.length - 1; i >= 0; i--) live = predsLiveBeforeStmt(insn.stmts[i]!, live);
  return live;
}
/** Predicates live before the terminator, given those live after the block. */
export const predsLiveBeforeTerm = (block: Block, after: number): number => (block.term.t === 'call' ? 0 : after) | termPreds(block);

export function predicateLiveness(fn: IrFunction): Liveness {
  return solve(fn, () => 0, (block, after) => {
    let live = predsLiveBeforeTerm(block, after);
    for (let i = block.insns.length - 1; i >= 0; i--) live = predsLiveBeforeInsn(block.insns[i]!, live);
    return live;
  });
}

const mask = (...registers: number[]): number => registers.reduce((sum, register) => sum | (1 << register), 0);
export const ARGUMENT_REGISTERS = mask(RDI, RSI, RDX, RCX, 8, 9);
export const CALLEE_SAVED = mask(RBX, RBP, 12, 13, 14, 15);
export const CALLER_SAVED = 0xffff & ~CALLEE_SAVED & ~(1 << RSP);

/** What calls and returns are taken to read and write. */
export interface RegisterConvention {
  readonly callReads: number;
  readonly callWrites: number;
  readonly retReads: number;
}
/** The System V convention as compilers use it: arguments (and al, the static chain r10) in, rax and rdx out. */
export const SYSTEM_V: RegisterConvention = {
  callReads: ARGUMENT_REGISTERS | mask(RAX, 10, RSP),
  callWrites: CALLER_SAVED,
  retReads: CALLEE_SAVED | mask(RAX, RDX, RSP),
};

/** Registers live before a statement, given those live after it. */
export function regsLiveBeforeStmt(stmt: Stmt, live: number): number {
  switch (stmt.s) {
    case 'reg': live &= ~(1 << stmt.reg); break;
    case 'string': return live | stringReads(stmt) | stringWrites(stmt);
    case 'intrinsic': live = (live & ~(stmt.writes & 0xffff)) | (stmt.reads & 0xffff); break;
    default: break;
  }
  for (const e of stmtExprs(stmt)) live |= regsRead(e);
  return live;
}

/**
 * Registers live at block boundaries as far as the program's own reads go; what an exit stores for the interpreter is not
 * counted. `before(entry block) & ARGUMENT_REGISTERS` are the arguments a function really takes.
 */
export function registerLiveness(fn: IrFunction, convention: RegisterConvention = SYSTEM_V): Liveness {
  const atExit = (block: Block): number => {
    if (block.term.t === 'ret') return convention.retReads;
    if (block.term.t === 'tail') return convention.callReads | CALLEE_SAVED;
    return 0;
  };
  return solve(fn, atExit, (block, after) => {
    let live = after;
    if (block.term.t === 'call') live = (live & ~convention.callWrites) | convention.callReads;
    if (block.term.t === 'ret') live |= 1 << RSP;
    for (const e of termExprs(block.term)) live |= regsRead(e);
    for (let i = block.insns.length - 1; i >= 0; i--) {
      const stmts = block.insns[i]!.stmts;
      for (let k = stmts.length - 1; k >= 0; k--) live = regsLiveBeforeStmt(stmts[k]!, live);
    }
    return live;
  });
}
