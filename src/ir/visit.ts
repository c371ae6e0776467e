// Walks over expressions and statements: which registers, predicates and memory they use. Passes build on these.

import { ALL_PREDICATES, predBit } from './flags.ts';
import { RAX, RCX, RDI, RDX, RSI, type Block, type Expr, type Stmt, type Term } from './ir.ts';

/** Intrinsic masks: bits 0-15 are registers, this one the flags. */
export const INTRINSIC_FLAGS = 1 << 16;
const STRING_REGISTERS = (1 << RAX) | (1 << RCX) | (1 << RDX) | (1 << RSI) | (1 << RDI);

/** Direct operands of an expression. */
export function operands(e: Expr): readonly Expr[] {
  switch (e.op) {
    case 'const': case 'reg': case 'pred': case 'tmp': case 'gsbase': case 'fsbase': return NONE;
    case 'load': return [e.addr];
    case 'select': return [e.cond, e.a, e.b];
    default: return 'b' in e ? [e.a, e.b] : [e.a];
  }
}
const NONE: readonly Expr[] = [];

/** Expressions of a statement, in order of evaluation. */
export function stmtExprs(stmt: Stmt): readonly Expr[] {
  switch (stmt.s) {
    case 'reg': case 'tmp': case 'pred': return [stmt.value];
    case 'store': return [stmt.addr, stmt.value];
    case 'flags': return [stmt.a, stmt.b, stmt.c, stmt.r];
    case 'trapif': return [stmt.cond];
    case 'intrinsic': return stmt.addr ? [stmt.addr] : NONE;
    case 'string': return NONE;
  }
}
/** Expressions a terminator evaluates. */
export function termExprs(term: Term): readonly Expr[] {
  if (term.t === 'branch') return [term.cond];
  if ((term.t === 'call' || term.t === 'tail') && typeof term.target !== 'number') return [term.target];
  return NONE;
}

/** Depth first, operands before the operation. */
export function walkExpr(e: Expr, visit: (e: Expr) => void): void {
  for (const operand of operands(e)) walkExpr(operand, visit);
  visit(e);
}

/** Bit mask of the predicates an expression reads. */
export function predsRead(e: Expr): number {
  switch (e.op) {
    case 'const': case 'reg': case 'tmp': case 'gsbase': case 'fsbase': return 0;
    case 'pred': return predBit(e.pred);
    case 'load': return predsRead(e.addr);
    case 'select': return predsRead(e.cond) | predsRead(e.a) | predsRead(e.b);
    default: return 'b' in e ? predsRead(e.a) | predsRead(e.b) : predsRead(e.a);
  }
}
/** Bit mask of the registers an expression reads. */
export function regsRead(e: Expr): number {
  switch (e.op) {
    case 'const': case 'pred': case 'tmp': case 'gsbase': case 'fsbase': return 0;
    case 'reg': return 1 << e.reg;
    case 'load': return regsRead(e.addr);
    case 'select': return regsRead(e.cond) | regsRead(e.a) | regsRead(e.b);
    default: return 'b' in e ? regsRead(e.a) | regsRead(e.b) : regsRead(e.a);
  }
}

/** True when evaluating `e` may fault. */
export function mayFault(e: Expr): boolean {
  return e.op === 'load' || operands(e).some(mayFault);
}

/** Registers a string statement reads; it writes a subset of them. */
export function stringReads(stmt: Extract<Stmt, { s: 'string' }>): number {
  let mask = stmt.rep === 'none' ? 0 : 1 << RCX;
  if (stmt.kind !== 'lods' && stmt.kind !== 'outs') mask |= 1 << RDI;
  if (stmt.kind === 'movs' || stmt.kind === 'cmps' || stmt.kind === 'lods' || stmt.kind === 'outs') mask |= 1 << RSI;
  if (stmt.kind === 'stos' || stmt.kind === 'scas' || stmt.kind === 'lods') mask |= 1 << RAX;
  if (stmt.kind === 'ins' || stmt.kind === 'outs') mask |= 1 << RDX;
  return mask & STRING_REGISTERS;
}
export function stringWrites(stmt: Extract<Stmt, { s: 'string' }>): number {
  const unwritten = (stmt.kind === 'lods' ? 0 : 1 << RAX) | (1 << RDX);
  return stringReads(stmt) & ~unwritten;
}
export const stringSetsFlags = (stmt: Extract<Stmt, { s: 'string' }>): boolean => stmt.kind === 'cmps' || stmt.kind === 'scas';

/** Predicates a block's terminator reads. */
export const termPreds = (block: Block): number => termExprs(block.term).reduce((mask, e) => mask | predsRead(e), 0);
export { ALL_PREDICATES };
