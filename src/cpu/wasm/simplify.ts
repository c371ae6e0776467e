// Before translation: temporaries that nobody reads go away (values that only dead flags wanted), and those read once move
// into the place where they are read, as long as nothing they depend on changes on the way. Loads keep their order with
// respect to stores; a load that nobody reads stays, since it may fault. An instruction that shares its address with the terminator
// is left alone: the terminator may read its temporaries.

import { c32, c64 } from '../../ir/build.ts';
import type { Expr, Insn, IrFunction, Stmt } from '../../ir/ir.ts';
import { mayFault, predsRead, regsRead, stmtExprs } from '../../ir/visit.ts';
import { writtenRegisters } from './checked-bases.ts';

export function simplify(fn: IrFunction): IrFunction {
  const blocks = new Map([...fn.blocks].map(([start, block]) => [start, { ...block, insns: block.insns.map((insn) => (insn.pc === block.termPc ? insn : simplifyInsn(insn))) }]));
  return { ...fn, blocks };
}

export function simplifyInsn(insn: Insn): Insn {
  if (!insn.stmts.some((stmt) => stmt.s === 'tmp')) return insn;
  const stmts = withoutUnread(insn.stmts);
  const values = new Map<number, Expr>();
  const result: Stmt[] = [];
  stmts.forEach((original, position) => {
    const stmt = values.size === 0 ? original : substituteStmt(original, values);
    if (stmt.s === 'tmp' && canMove(stmt, stmts, position)) values.set(stmt.tmp, stmt.value);
    else result.push(stmt);
  });
  return { ...insn, stmts: result };
}

function withoutUnread(stmts: readonly Stmt[]): readonly Stmt[] {
  const read = new Set<number>();
  const kept: Stmt[] = [];
  for (let i = stmts.length - 1; i >= 0; i--) {
    const stmt = stmts[i]!;
    if (stmt.s === 'tmp' && !read.has(stmt.tmp) && !mayFault(stmt.value)) continue;
    for (const expr of stmtExprs(stmt)) noteTmps(expr, read);
    kept.push(stmt);
  }
  return kept.length === stmts.length ? stmts : kept.reverse();
}
function noteTmps(e: Expr, into: Set<number>): void {
  switch (e.op) {
    case 'tmp': into.add(e.tmp); return;
    case 'const': case 'reg': case 'pred': case 'gsbase': case 'fsbase': return;
    case 'load': noteTmps(e.addr, into); return;
    case 'select': noteTmps(e.cond, into); break;
  }
  noteTmps(e.a, into);
  if ('b' in e) noteTmps(e.b, into);
}

const isTrivial = (e: Expr): boolean => e.op === 'const' || e.op === 'reg' || e.op === 'tmp' || (e.op === 'wrap' && e.a.op === 'reg');

/** Whether the value may be computed where the temporary is read instead. */
function canMove(stmt: Stmt & { s: 'tmp' }, stmts: readonly Stmt[], position: number): boolean {
  let reads = 0;
  let last = position;
  for (let i = position + 1; i < stmts.length; i++) {
    const later = stmts[i]!;
    const count = stmtExprs(later).reduce((sum, expr) => sum + countReads(expr, stmt.tmp), 0);
    if (count > 0) {
      reads += count;
      last = i;
    }
    // Lifters use each number once; a second assignment ends the analysis.
    if (later.s === 'tmp' && later.tmp === stmt.tmp) return false;
  }
  if (reads !== 1 && !isTrivial(stmt.value)) return false;
  const registers = regsRead(stmt.value), preds = predsRead(stmt.value), loads = mayFault(stmt.value);
  const tmps = new Set<number>();
  noteTmps(stmt.value, tmps);
  for (let i = position + 1; i < last; i++) {
    const between = stmts[i]!;
    if (writtenRegisters(between) & registers) return false;
    if (between.s === 'pred' && preds) return false;
    if (between.s === 'tmp' && tmps.has(between.tmp)) return false;
    if (loads && (between.s === 'store' || between.s === 'string' || between.s === 'intrinsic' || between.s === 'trapif')) return false;
  }
  return true;
}
function countReads(e: Expr, tmp: number): number {
  switch (e.op) {
    case 'tmp': return e.tmp === tmp ? 1 : 0;
    case 'const': case 'reg': case 'pred': case 'gsbase': case 'fsbase': return 0;
    case 'load': return countReads(e.addr, tmp);
    case 'select': return countReads(e.cond, tmp) + countReads(e.a, tmp) + countReads(e.b, tmp);
    default: return countReads(e.a, tmp) + ('b' in e ? countReads(e.b, tmp) : 0);
  }
}

type Values = ReadonlyMap<number, Expr>;
function substitute(e: Expr, values: Values): Expr {
  switch (e.op) {
    case 'tmp': return values.get(e.tmp) ?? e;
    case 'const': case 'reg': case 'pred': case 'gsbase': case 'fsbase': return e;
    case 'load': {
      const addr = substitute(e.addr, values);
      return addr === e.addr ? e : { ...e, addr };
    }
    case 'select': {
      const cond = substitute(e.cond, values), a = substitute(e.a, values), b = substitute(e.b, values);
      return cond === e.cond && a === e.a && b === e.b ? e : { ...e, cond, a, b };
    }
  }
  const a = substitute(e.a, values);
  if (!('b' in e)) return a === e.a ? e : { ...e, a };
  const b = substitute(e.b, values);
  // `sbb eax, eax` and `or eax, -1` do not look at eax.
  if (e.op === 'sub' && isSameRegister(a, b)) return a.type === 'i32' ? c32(0) : c64(0);
  if (e.op === 'or' && b.op === 'const' && b.value === -1 && !mayFault(a)) return b;
  return a === e.a && b === e.b ? e : { ...e, a, b };
}
const isSameRegister = (a: Expr, b: Expr): boolean =>
  a.op === 'reg' ? b.op === 'reg' && a.reg === b.reg : a.op === 'wrap' && b.op === 'wrap' && isSameRegister(a.a, b.a);
function substituteStmt(stmt: Stmt, values: Values): Stmt {
  switch (stmt.s) {
    case 'reg': case 'tmp': case 'pred': {
      const value = substitute(stmt.value, values);
      return value === stmt.value ? stmt : { ...stmt, value };
    }
    case 'store': return { ...stmt, addr: substitute(stmt.addr, values), value: substitute(stmt.value, values) };
    case 'trapif': return { ...stmt, cond: substitute(stmt.cond, values) };
    case 'intrinsic': return stmt.addr ? { ...stmt, addr: substitute(stmt.addr, values) } : stmt;
    case 'flags': return { ...stmt, a: substitute(stmt.a, values), b: substitute(stmt.b, values), c: substitute(stmt.c, values), r: substitute(stmt.r, values) };
    case 'string': return stmt;
  }
}
