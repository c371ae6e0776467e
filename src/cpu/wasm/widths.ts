// Which values of registers fit 32 bits: those that are written by 32-bit instructions (which clear the upper half) wherever they
// come from, and read as 32 bits more often than whole. They live in i32 locals, which saves the engine conversions and
// keeps it from holding both widths of one value.
//
// The unit of decision is a web: definitions of a register that reach a common use, joined across the blocks between them.

import type { Block, Expr, IrFunction, Stmt } from '../../ir/ir.ts';
import { CALLER_SAVED } from '../../ir/liveness.ts';
import { operands, stmtExprs, termExprs } from '../../ir/visit.ts';
import { successors } from '../../ir/work.ts';
import { writtenRegisters } from './checked-bases.ts';
import type { Liveness } from './signatures.ts';

export interface Widths {
  /** Registers that are narrow at a block's start, as a mask; what it says of dead ones means nothing. */
  atStart(block: Block): number;
  /** Whether a `reg` statement defines a narrow value. */
  isNarrow(stmt: Stmt): boolean;
}

const NR_REGISTERS = 16;
const EVERYTHING_WIDE: Widths = { atStart: () => 0, isNarrow: () => false };

export function findWidths(fn: IrFunction, live: Liveness): Widths {
  const candidates = registersOf(narrowDefinitions(fn));
  if (candidates.length === 0) return EVERYTHING_WIDE;
  const webs = new Webs();
  const starts = new Map<number, number>();
  for (const start of fn.blocks.keys()) {
    starts.set(start, starts.size * NR_REGISTERS);
    for (let register = 0; register < NR_REGISTERS; register++) webs.add();
  }
  const definitions = new Map<Stmt, number>();
  for (const register of candidates) webs.widen(starts.get(fn.entry)! + register);
  const current = new Int32Array(NR_REGISTERS);
  const defineWide = (mask: number): void => {
    for (const register of candidates) {
      if (!(mask >> register & 1)) continue;
      current[register] = webs.add();
      webs.widen(current[register]!);
    }
  };
  for (const block of fn.blocks.values()) {
    const first = starts.get(block.start)!;
    for (let register = 0; register < NR_REGISTERS; register++) current[register] = first + register;
    for (const { stmts } of block.insns) {
      for (const stmt of stmts) {
        for (const expr of stmtExprs(stmt)) webs.countReads(expr, current);
        if (stmt.s !== 'reg') {
          const written = writtenRegisters(stmt);
          if (written !== 0) defineWide(written);
          continue;
        }
        const web = webs.add();
        definitions.set(stmt, web);
        webs.define(web, stmt.value, current);
        current[stmt.reg] = web;
      }
    }
    for (const expr of termExprs(block.term)) webs.countReads(expr, current);
    if (block.term.t === 'call') defineWide(CALLER_SAVED);
    for (const target of successors(block)) {
      const next = starts.get(target);
      if (next === undefined) continue;
      const mask = live.before.get(target) ?? 0;
      for (const register of candidates) if (mask >> register & 1) webs.join(current[register]!, next + register);
    }
  }
  const masks = new Map<number, number>();
  for (const [start, first] of starts) {
    masks.set(start, candidates.reduce((mask, register) => (webs.isNarrow(first + register) ? mask | (1 << register) : mask), 0));
  }
  const candidateMask = candidates.reduce((mask, register) => mask | (1 << register), 0);
  return {
    atStart: (block) => masks.get(block.start)!,
    isNarrow: (stmt) => stmt.s === 'reg' && (candidateMask >> stmt.reg & 1) !== 0 && webs.isNarrow(definitions.get(stmt)!),
  };
}

const registersOf = (mask: number): number[] => Array.from({ length: NR_REGISTERS }, (_, register) => register).filter((register) => mask >> register & 1);

/** Registers that are given a zero-extended value somewhere and whose low half is read somewhere. */
function narrowDefinitions(fn: IrFunction): number {
  let defined = 0, readLow = 0;
  const note = (e: Expr): void => {
    if (e.op === 'wrap' && e.a.op === 'reg') readLow |= 1 << e.a.reg;
    else for (const operand of operands(e)) note(operand);
  };
  for (const block of fn.blocks.values()) {
    for (const { stmts } of block.insns) {
      for (const stmt of stmts) {
        if (stmt.s === 'reg' && isZeroExtended(stmt.value)) defined |= 1 << stmt.reg;
        for (const expr of stmtExprs(stmt)) note(expr);
      }
    }
  }
  return defined & readLow;
}

/** Union-find over webs, with what speaks for and against each. */
class Webs {
  readonly #parents: number[] = [];
  readonly #isWide: boolean[] = [];
  /** Reads of 32 bits less reads of all. */
  readonly #balance: number[] = [];
  readonly #isDefined: boolean[] = [];

  add(): number {
    this.#isWide.push(false);
    this.#balance.push(0);
    this.#isDefined.push(false);
    return this.#parents.push(this.#parents.length) - 1;
  }
  widen(web: number): void { this.#isWide[this.#find(web)] = true; }
  join(a: number, b: number): void {
    const first = this.#find(a), second = this.#find(b);
    if (first === second) return;
    this.#parents[second] = first;
    this.#isWide[first] ||= this.#isWide[second]!;
    this.#isDefined[first] ||= this.#isDefined[second]!;
    this.#balance[first]! += this.#balance[second]!;
  }
  isNarrow(web: number): boolean {
    const root = this.#find(web);
    return this.#isDefined[root]! && !this.#isWide[root] && this.#balance[root]! > 0;
  }

  /** A definition by `value`. A copy, and a change of the low bytes, is as wide as what it comes from. */
  define(web: number, value: Expr, current: Int32Array): void {
    this.#isDefined[web] = true;
    if (isZeroExtended(value)) return;
    const source = value.op === 'reg' ? value : partlyKept(value);
    if (source) this.join(web, current[source.reg]!);
    else this.#isWide[web] = true;
  }
  countReads(e: Expr, current: Int32Array): void {
    switch (e.op) {
      case 'const': case 'pred': case 'tmp': case 'gsbase': case 'fsbase': return;
      case 'reg': this.#balance[this.#find(current[e.reg]!)]!--; return;
      case 'wrap':
        if (e.a.op === 'reg') {
          this.#balance[this.#find(current[e.a.reg]!)]!++;
          return;
        }
        break;
      case 'load': this.countReads(e.addr, current); return;
      case 'select': this.countReads(e.cond, current); break;
    }
    this.countReads(e.a, current);
    if ('b' in e) this.countReads(e.b, current);
  }

  #find(web: number): number {
    let root = web;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let step = web; step !== root;) {
      const next = this.#parents[step]!;
      this.#parents[step] = root;
      step = next;
    }
    return root;
  }
}

const isZeroExtended = (e: Expr): boolean =>
  e.op === 'extend_u' || (e.op === 'load' && e.size < 8 && !e.signed) || (e.op === 'const' && typeof e.value === 'number' && e.value >= 0 && e.value <= 0xffffffff);

/** `or(and(reg, mask), new bits)`, as writes of al, ah and ax come out: the register. */
function partlyKept(e: Expr): (Expr & { op: 'reg' }) | undefined {
  if (e.op !== 'or' || e.a.op !== 'and' || e.a.a.op !== 'reg' || e.a.b.op !== 'const') return undefined;
  const isNarrowPart = e.b.op === 'extend_u' || (e.b.op === 'shl' && e.b.a.op === 'extend_u' && e.b.b.op === 'const' && Number(e.b.b.value) === 8);
  return isNarrowPart ? e.a.a : undefined;
}
