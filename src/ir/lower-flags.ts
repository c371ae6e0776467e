// Turns `flags` statements into `pred` statements for the predicates that somebody reads. What both engines run.

import { setPred, setTmp, tmp } from './build.ts';
import { flagsExpression, type FlagsStmt } from './flags.ts';
import type { Block, Insn, IrFunction, Stmt } from './ir.ts';
import { predicateLiveness, predNames, predsLiveBeforeInsn, predsLiveBeforeStmt, predsLiveBeforeTerm, type Liveness } from './liveness.ts';

/** One block without `flags` statements. Instructions without any are taken over as they are. */
export function lowerBlock(block: Block, liveness: Liveness): Block {
  let live = predsLiveBeforeTerm(block, liveness.after(block));
  const insns: Insn[] = new Array(block.insns.length);
  for (let i = block.insns.length - 1; i >= 0; i--) {
    const insn = block.insns[i]!;
    insns[i] = insn.stmts.some((stmt) => stmt.s === 'flags') ? { ...insn, stmts: lowerStmts(insn.stmts, live) } : insn;
    live = predsLiveBeforeInsn(insn, live);
  }
  return { ...block, insns };
}

function lowerStmts(stmts: readonly Stmt[], liveAfter: number): Stmt[] {
  const reversed: Stmt[] = [];
  let live = liveAfter;
  for (let i = stmts.length - 1; i >= 0; i--) {
    const stmt = stmts[i]!;
    if (stmt.s === 'flags') reversed.push(...predStmts(stmt, live, stmts).reverse());
    else reversed.push(stmt);
    live = predsLiveBeforeStmt(stmt, live);
  }
  return reversed.reverse();
}

function predStmts(stmt: FlagsStmt, live: number, insn: readonly Stmt[]): Stmt[] {
  const result: Stmt[] = [];
  if (live === 0) return result;
  let source = stmt;
  if (stmt.c.op === 'pred') {
    // A carry read straight from its predicate would be overwritten by the first assignment.
    const carry = firstFreeTmp(insn);
    result.push(setTmp(carry, stmt.c));
    source = { ...stmt, c: tmp('i32', carry) };
  }
  for (const p of predNames(live)) {
    const value = flagsExpression(source, p);
    if (value !== 'unchanged') result.push(setPred(p, value));
  }
  return result;
}
const firstFreeTmp = (stmts: readonly Stmt[]): number => stmts.reduce((free, stmt) => (stmt.s === 'tmp' && stmt.tmp >= free ? stmt.tmp + 1 : free), 0);

export function lowerFlags(fn: IrFunction): IrFunction {
  const liveness = predicateLiveness(fn);
  const blocks = new Map<number, Block>();
  for (const block of fn.blocks.values()) blocks.set(block.start, lowerBlock(block, liveness));
  return { ...fn, blocks };
}
