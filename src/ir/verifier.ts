// Checks what ir.ts promises: operand types, temporaries defined in their instruction before use, the rule of restart, jump targets
// that exist. For tests and for the translator's debug mode; engines trust the IR.

import { isComparison } from './build.ts';
import type { Block, Expr, IrFunction, Stmt, Type } from './ir.ts';
import { mayFault, stmtExprs, termExprs } from './visit.ts';
import { successors } from './work.ts';

type Tmps = Map<number, Type>;

/** All violations, each with the address of its instruction; empty for correct IR. */
export function verify(fn: IrFunction): string[] {
  const problems: string[] = [];
  if (!fn.blocks.has(fn.entry)) problems.push(`${fn.name}: no entry block`);
  else if (fn.blocks.keys().next().value !== fn.entry) problems.push(`${fn.name}: the entry block is not the first`);
  for (const [start, block] of fn.blocks) {
    if (start !== block.start) problems.push(`${hex(start)}: block is filed under another address than ${hex(block.start)}`);
    verifyBlock(fn, block, problems);
  }
  return problems;
}
const hex = (address: number): string => (address < 0 ? '-0x' + (-address).toString(16) : '0x' + address.toString(16));

function verifyBlock(fn: IrFunction, block: Block, problems: string[]): void {
  let tmps: Tmps = new Map();
  let expected = block.start;
  for (const insn of block.insns) {
    if (insn.pc !== expected) problems.push(`${hex(insn.pc)}: instruction does not follow its predecessor at ${hex(expected)}`);
    expected = insn.next;
    tmps = new Map();
    let hasChanged: Stmt | undefined;
    for (const stmt of insn.stmts) {
      const report = (what: string): void => void problems.push(`${hex(insn.pc)}: ${stmt.s}: ${what}`);
      if (hasChanged && canFault(stmt)) report(`may fault after '${hasChanged.s}' has changed state`);
      if (stmt.s === 'reg' || stmt.s === 'flags' || stmt.s === 'pred') hasChanged ??= stmt;
      verifyStmt(stmt, tmps, report);
    }
  }
  if (block.insns.at(-1)?.pc !== block.termPc) {
    tmps = new Map();
    if (block.termPc !== expected) problems.push(`${hex(block.termPc)}: terminator does not follow the instruction before it (${hex(expected)})`);
  }
  const report = (what: string): void => void problems.push(`${hex(block.termPc)}: ${block.term.t}: ${what}`);
  for (const e of termExprs(block.term)) verifyExpr(e, tmps, report);
  if (block.term.t === 'branch' && block.term.cond.type !== 'i32') report('condition is not i32');
  if ((block.term.t === 'call' || block.term.t === 'tail') && typeof block.term.target !== 'number' && block.term.target.type !== 'i64') report('target is not i64');
  for (const target of successors(block)) if (!fn.blocks.has(target)) report(`no block at ${hex(target)}`);
}

const canFault = (stmt: Stmt): boolean =>
  stmt.s === 'store' || stmt.s === 'trapif' || stmt.s === 'string' || (stmt.s === 'intrinsic' && stmt.addr !== null) || stmtExprs(stmt).some(mayFault);

function verifyStmt(stmt: Stmt, tmps: Tmps, report: (what: string) => void): void {
  for (const e of stmtExprs(stmt)) verifyExpr(e, tmps, report);
  const expectType = (e: Expr, type: Type, role: string): void => {
    if (e.type !== type) report(`${role} is ${e.type}, not ${type}`);
  };
  switch (stmt.s) {
    case 'reg': expectType(stmt.value, 'i64', 'value'); break;
    case 'pred': expectType(stmt.value, 'i32', 'value'); break;
    case 'trapif': expectType(stmt.cond, 'i32', 'condition'); break;
    case 'store':
      expectType(stmt.addr, 'i64', 'address');
      expectType(stmt.value, stmt.size === 8 ? 'i64' : 'i32', 'value');
      break;
    case 'flags': {
      const type = stmt.size === 8 && stmt.kind !== 'word' ? 'i64' : 'i32';
      for (const [role, e] of [['a', stmt.a], ['b', stmt.b], ['r', stmt.r]] as const) {
        if (usedOperands(stmt.kind).includes(role)) expectType(e, type, role);
        if (e.op !== 'tmp' && e.op !== 'const' && e.op !== 'reg') report(`operand ${role} is a '${e.op}'`);
      }
      if (usedOperands(stmt.kind).includes('c')) expectType(stmt.c, 'i32', 'c');
      if (stmt.c.op !== 'tmp' && stmt.c.op !== 'const' && stmt.c.op !== 'pred') report(`operand c is a '${stmt.c.op}'`);
      break;
    }
    case 'intrinsic':
      if (stmt.addr) expectType(stmt.addr, 'i64', 'address');
      break;
    case 'tmp': tmps.set(stmt.tmp, stmt.value.type); break;
    case 'string': break;
  }
}

function usedOperands(kind: Extract<Stmt, { s: 'flags' }>['kind']): string {
  switch (kind) {
    case 'adc': case 'sbb': return 'abcr';
    case 'inc': case 'dec': case 'logic': case 'word': return 'r';
    case 'rol': case 'ror': return 'br';
    case 'rcl': case 'rcr': return 'bcr';
    case 'mul': case 'bit': case 'zero': return 'c';
    case 'count': return 'cr';
    default: return 'abr';
  }
}

function verifyExpr(e: Expr, tmps: Tmps, report: (what: string) => void): void {
  const expect = (condition: boolean, what: string): void => {
    if (!condition) report(`'${e.op}': ${what}`);
  };
  switch (e.op) {
    case 'const':
      expect(e.type === 'i64' || (typeof e.value === 'number' && e.value === (e.value | 0)), `${e.value} is no i32`);
      expect(typeof e.value === 'bigint' ? e.value === BigInt.asIntN(64, e.value) : Number.isSafeInteger(e.value), `${e.value} is not exact`);
      return;
    case 'reg':
      expect(e.reg >= 0 && e.reg < 16 && Number.isInteger(e.reg), `register ${e.reg}`);
      return;
    case 'tmp': {
      const type = tmps.get(e.tmp);
      expect(type !== undefined, `t${e.tmp} is not defined`);
      expect(type === undefined || type === e.type, `t${e.tmp} is ${type}, not ${e.type}`);
      return;
    }
    case 'pred': case 'gsbase': case 'fsbase': return;
    case 'load':
      verifyExpr(e.addr, tmps, report);
      expect(e.addr.type === 'i64', 'address is not i64');
      expect(e.size < 8 || e.type === 'i64', 'size 8 needs i64');
      return;
    case 'select':
      for (const part of [e.cond, e.a, e.b]) verifyExpr(part, tmps, report);
      expect(e.cond.type === 'i32', 'condition is not i32');
      expect(e.a.type === e.type && e.b.type === e.type, 'arms and result differ in type');
      return;
    default: break;
  }
  verifyExpr(e.a, tmps, report);
  if ('b' in e) {
    verifyExpr(e.b, tmps, report);
    expect(e.a.type === e.b.type, `operands are ${e.a.type} and ${e.b.type}`);
    expect(e.type === (isComparison(e.op) ? 'i32' : e.a.type), `result is ${e.type}`);
    if (e.op === 'mulhi_u' || e.op === 'mulhi_s') expect(e.type === 'i64', 'exists for i64 only');
    return;
  }
  const [from, to] = unaryTypes(e.op, e.a.type);
  expect(e.a.type === from && e.type === to, `takes ${e.a.type} to ${e.type}`);
}

function unaryTypes(op: string, operand: Type): readonly [Type, Type] {
  switch (op) {
    case 'eqz': return [operand, 'i32'];
    case 'wrap': return ['i64', 'i32'];
    case 'extend_u': case 'extend_s': return ['i32', 'i64'];
    case 'extend32_s': return ['i64', 'i64'];
    default: return [operand, operand];
  }
}
