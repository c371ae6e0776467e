// Which address bases are known to lie in RAM at each point: available-expressions analysis over the keys of address.ts. A base
// checked for a store is checked for loads too. A register that moves by a constant takes its bases along: what was checked is then
// so many bytes away, which is as good as long as accesses stay within ACCESS_REACH of it. RAM itself never changes, so calls
// matter only for the registers they clobber. Where a block checks a base for a load and will store through it later on, the
// store's limit is checked at once: failing early only means that the interpreter goes on from there.

import { assert } from '../../base/assert.ts';
import type { Expr, Insn, Stmt, Term } from '../../ir/ir.ts';
import { CALLER_SAVED } from '../../ir/liveness.ts';
import { operands, stmtExprs, stringWrites, termExprs } from '../../ir/visit.ts';
import { ACCESS_REACH } from '../layout.ts';
import { takeApart, type Address, type TmpValues } from './address.ts';
import type { FlowNode } from './control-flow.ts';

interface Access { readonly key: number; readonly displacement: number; isStore: boolean }
/** What one instruction (or a terminator) does to the facts: accesses first, then registers move or change. */
interface Step { readonly accesses: Access[]; readonly moves: readonly Move[]; readonly writes: number }
interface Move { readonly register: number; readonly by: number }

/** How an access finds its index: `check` what is missing, and how far the base is from where it was checked. */
export interface Requirement { readonly check: 'none' | 'load' | 'store'; readonly distance: number }

/** Two words a key: what the base is good for, and its distance from where it was checked. */
type Facts = Int32Array;
const UNCHECKED = 0, LOADABLE = 1, STORABLE = 2, ANYTHING = 3;

const NO_TMPS: TmpValues = new Map();
const NOTHING: Step = { accesses: [], moves: [], writes: 0 };

export class CheckedBases {
  readonly #keys = new Map<string, number>();
  /** Keys by register: how far a base moves when the register moves by one; NaN when that is not a constant. */
  readonly #users: Map<number, number>[] = Array.from({ length: 16 }, () => new Map());
  readonly #steps = new Map<FlowNode, readonly Step[]>();
  readonly #entryFacts = new Map<FlowNode, Facts>();
  readonly #isStatic: boolean;
  #facts: Facts = new Int32Array(0);
  #current: readonly Step[] = [];
  #step = NOTHING;

  constructor(nodes: readonly FlowNode[], isStatic: boolean) {
    this.#isStatic = isStatic;
    const byBlock = new Map<unknown, readonly Step[]>();
    for (const node of nodes) {
      let steps = byBlock.get(node.block);
      if (!steps) byBlock.set(node.block, steps = this.#collect(node));
      this.#steps.set(node, steps);
    }
    this.#solve(nodes);
  }

  /** Number of a base, for the local that holds its index. */
  keyNumber(key: string): number | undefined { return this.#keys.get(key); }

  startBlock(node: FlowNode): void {
    this.#facts = this.#entryFacts.get(node)!.slice();
    this.#current = this.#steps.get(node)!;
    this.#step = NOTHING;
  }
  /** `position` is the instruction's index in its block, the number of instructions for the terminator. */
  startStep(position: number): void { this.#step = this.#current[position] ?? NOTHING; }
  /** What has to be checked before an access through base `key` in this step; it counts as checked from now on. */
  require(key: number, displacement: number, isStore: boolean): Requirement {
    const needsStore = isStore || this.#step.accesses.some((access) => access.key === key && access.isStore);
    return access(this.#facts, { key, displacement, isStore: needsStore });
  }
  /** An instruction has set its registers. */
  finishStep(): void { this.#change(this.#facts, this.#step); }
  /** After the last instruction of a block: what successors assume must hold. */
  finishBlock(node: FlowNode): void {
    for (const successor of node.successors) {
      const assumed = this.#entryFacts.get(successor)!;
      for (let i = 0; i < assumed.length; i += 2) {
        const isGood = assumed[i] === UNCHECKED || (this.#facts[i]! >= assumed[i]! && this.#facts[i + 1] === assumed[i + 1]);
        assert(isGood, 'address checks that a block assumes were made');
      }
    }
  }

  #collect(node: FlowNode): Step[] {
    const { insns, term } = node.block;
    const steps = insns.map((insn) => this.#collectInsn(insn));
    steps.push(this.#collectTerm(term));
    let ahead = new Set<number>();
    for (let i = steps.length - 1; i >= 0; i--) {
      const { accesses, writes } = steps[i]!;
      if (writes !== 0 && ahead.size > 0) ahead = new Set([...ahead].filter((key) => !this.#users.some((users, register) => writes >> register & 1 && users.has(key))));
      for (let j = accesses.length - 1; j >= 0; j--) {
        const made = accesses[j]!;
        if (made.isStore) ahead.add(made.key);
        else if (ahead.has(made.key)) made.isStore = true;
      }
    }
    return steps;
  }

  #collectInsn(insn: Insn): Step {
    const accesses: Access[] = [];
    const moves: Move[] = [];
    let writes = 0;
    const tmps = tmpValues(insn.stmts);
    for (const stmt of insn.stmts) {
      for (const expr of stmtExprs(stmt)) this.#collectLoads(expr, tmps, accesses);
      if (stmt.s === 'store') this.#add(takeApart(stmt.addr, tmps, this.#isStatic), true, accesses);
      const move = moveOf(stmt, tmps);
      if (move) moves.push(move);
      else writes |= writtenRegisters(stmt);
    }
    return accesses.length === 0 && writes === 0 && moves.length === 0 ? NOTHING : { accesses, moves, writes };
  }
  #collectTerm(term: Term): Step {
    const accesses: Access[] = [];
    for (const expr of termExprs(term)) this.#collectLoads(expr, NO_TMPS, accesses);
    return { accesses, moves: [], writes: term.t === 'call' ? CALLER_SAVED : 0 };
  }
  #collectLoads(expr: Expr, tmps: TmpValues, accesses: Access[]): void {
    for (const operand of operands(expr)) this.#collectLoads(operand, tmps, accesses);
    if (expr.op === 'load') this.#add(takeApart(expr.addr, tmps, this.#isStatic), false, accesses);
  }
  #add(address: Address, isStore: boolean, accesses: Access[]): void {
    if (address.kind !== 'base' || address.key === '') return;
    let key = this.#keys.get(address.key);
    if (key === undefined) {
      key = this.#keys.size;
      this.#keys.set(address.key, key);
      for (const [register, factor] of address.factors) this.#users[register]!.set(key, factor);
    }
    accesses.push({ key, displacement: address.displacement, isStore });
  }

  /** Registers move, then others get new values. */
  #change(facts: Facts, { moves, writes }: Step): void {
    for (const { register, by } of moves) {
      for (const [key, factor] of this.#users[register]!) {
        const distance = facts[2 * key + 1]! + factor * by;
        if (Math.abs(distance) < ACCESS_REACH) facts[2 * key + 1] = distance;
        else facts[2 * key] = UNCHECKED;
      }
    }
    for (let register = 0, rest = writes & 0xffff; rest !== 0; register++, rest >>>= 1) {
      if (rest & 1) for (const key of this.#users[register]!.keys()) facts[2 * key] = UNCHECKED;
    }
  }

  /** Greatest solution of: facts at entry = what all predecessors leave; nothing at the root. */
  #solve(nodes: readonly FlowNode[]): void {
    const size = 2 * this.#keys.size;
    for (const node of nodes) this.#entryFacts.set(node, node.index === 0 ? new Int32Array(size) : new Int32Array(size).fill(ANYTHING));
    const work = new Set(size === 0 ? [] : nodes);
    const facts = new Int32Array(size);
    for (const node of work) {
      work.delete(node);
      facts.set(this.#entryFacts.get(node)!);
      for (const step of this.#steps.get(node)!) {
        for (const made of step.accesses) access(facts, made);
        this.#change(facts, step);
      }
      for (const successor of node.successors) {
        if (successor.index !== 0 && meet(this.#entryFacts.get(successor)!, facts)) work.add(successor);
      }
    }
  }
}

/** Makes an access: what must be checked for it, and what is known after it. */
function access(facts: Facts, { key, displacement, isStore }: Access): Requirement {
  const known = facts[2 * key]!, distance = facts[2 * key + 1]!;
  if (known === ANYTHING) return { check: 'none', distance };
  const wanted = isStore ? STORABLE : LOADABLE;
  if (known >= wanted && Math.abs(distance + displacement) < ACCESS_REACH) return { check: 'none', distance };
  facts[2 * key] = wanted;
  facts[2 * key + 1] = 0;
  return { check: isStore ? 'store' : 'load', distance: 0 };
}

/** Weakens `entry` to what also `facts` say; true when it changed. */
function meet(entry: Facts, facts: Facts): boolean {
  let isChanged = false;
  for (let i = 0; i < entry.length; i += 2) {
    const known = entry[i]!, other = facts[i]!;
    if (known === UNCHECKED || other === ANYTHING) continue;
    let next = Math.min(known, other);
    if (known === ANYTHING) entry[i + 1] = facts[i + 1]!;
    else if (entry[i + 1] !== facts[i + 1]) next = UNCHECKED;
    if (next === known) continue;
    entry[i] = next;
    isChanged = true;
  }
  return isChanged;
}

/** Temporaries of one instruction whose value is made of registers and constants alone, as far as addresses need them. */
export function tmpValues(stmts: readonly Stmt[]): TmpValues {
  let values: Map<number, Expr> | undefined;
  for (const stmt of stmts) {
    if (stmt.s !== 'tmp' || stmt.value.type !== 'i64' || !isAddressLike(stmt.value, values)) continue;
    values ??= new Map();
    values.set(stmt.tmp, stmt.value);
  }
  return values ?? NO_TMPS;
}
const isAddressLike = (e: Expr, tmps: TmpValues | undefined): boolean => {
  switch (e.op) {
    case 'reg': case 'const': case 'gsbase': return true;
    case 'tmp': return tmps?.has(e.tmp) ?? false;
    case 'add': case 'sub': case 'shl': case 'mul': return isAddressLike(e.a, tmps) && isAddressLike(e.b, tmps);
    default: return false;
  }
};

/** A register that changes by a small constant. */
function moveOf(stmt: Stmt, tmps: TmpValues): Move | undefined {
  if (stmt.s !== 'reg') return undefined;
  const value = stmt.value.op === 'tmp' ? tmps.get(stmt.value.tmp) : stmt.value;
  if ((value?.op !== 'add' && value?.op !== 'sub') || value.a.op !== 'reg' || value.a.reg !== stmt.reg || value.b.op !== 'const') return undefined;
  const by = Number(value.b.value) * (value.op === 'add' ? 1 : -1);
  return Math.abs(by) < ACCESS_REACH ? { register: stmt.reg, by } : undefined;
}

export function writtenRegisters(stmt: Stmt): number {
  switch (stmt.s) {
    case 'reg': return 1 << stmt.reg;
    case 'intrinsic': return stmt.writes & 0xffff;
    case 'string': return stringWrites(stmt);
    default: return 0;
  }
}
