// Which address bases are known to lie in RAM at each point: available-expressions analysis over the keys of address.ts. A base
// checked for a store is checked for loads too. Registers that change take their bases with them; RAM itself never changes,
// so calls matter only for the registers they clobber. Where a block checks a base for a load and will store through it
// later on, the store's limit is checked at once: failing early only means that the interpreter goes on from there.

import { assert } from '../../base/assert.ts';
import type { Expr, Insn, Stmt, Term } from '../../ir/ir.ts';
import { CALLER_SAVED } from '../../ir/liveness.ts';
import { operands, stmtExprs, stringWrites, termExprs } from '../../ir/visit.ts';
import { takeApart, type Address, type TmpValues } from './address.ts';
import type { FlowNode } from './control-flow.ts';

interface Access { readonly key: number; isStore: boolean }
/** What one instruction (or a terminator) does to the facts. */
interface Step { readonly accesses: Access[]; readonly writes: number }

export type Check = 'none' | 'load' | 'store';

const NO_TMPS: TmpValues = new Map();
const NOTHING: Step = { accesses: [], writes: 0 };

export class CheckedBases {
  readonly #keys = new Map<string, number>();
  readonly #keyRegisters: number[] = [];
  readonly #steps = new Map<FlowNode, Step[]>();
  /** Facts at block entry: bit 2k = key k checked for loads, bit 2k+1 = for stores. */
  readonly #entryFacts = new Map<FlowNode, Uint32Array>();
  readonly #isStatic: boolean;
  #words = 0;
  #facts = new Uint32Array(0);
  #kills: Uint32Array[] = [];
  #current: Step[] = [];
  #step = NOTHING;

  constructor(nodes: readonly FlowNode[], isStatic: boolean) {
    this.#isStatic = isStatic;
    for (const node of nodes) this.#steps.set(node, this.#collect(node));
    this.#words = (this.#keyRegisters.length * 2 + 31) >>> 5;
    this.#kills = Array.from({ length: 16 }, (_, register) => {
      const set = new Uint32Array(this.#words);
      this.#keyRegisters.forEach((mask, key) => { if (mask >> register & 1) setBits(set, key, 3); });
      return set;
    });
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
  require(key: number, isStore: boolean): Check {
    const needsStore = isStore || this.#step.accesses.some((access) => access.key === key && access.isStore);
    const known = (this.#facts[key >> 4]! >>> ((key & 15) * 2)) & 3;
    if (known & (needsStore ? 2 : 1)) return 'none';
    setBits(this.#facts, key, needsStore ? 3 : 1);
    return needsStore ? 'store' : 'load';
  }
  /** Registers in `mask` were given new values. */
  write(mask: number): void { this.#kill(this.#facts, mask); }
  /** After the last instruction of a block: what successors assume must hold. */
  finishBlock(node: FlowNode): void {
    for (const successor of node.successors) {
      const assumed = this.#entryFacts.get(successor)!;
      for (let i = 0; i < this.#words; i++) assert((assumed[i]! & ~this.#facts[i]!) === 0, 'address checks that a block assumes were made');
    }
  }

  #collect(node: FlowNode): Step[] {
    const { insns, term } = node.block;
    const steps = insns.map((insn) => this.#collectInsn(insn));
    steps.push(this.#collectTerm(term));
    let ahead = new Set<number>();
    for (let i = steps.length - 1; i >= 0; i--) {
      const { accesses, writes } = steps[i]!;
      if (writes !== 0 && ahead.size > 0) ahead = new Set([...ahead].filter((key) => (this.#keyRegisters[key]! & writes) === 0));
      for (let j = accesses.length - 1; j >= 0; j--) {
        const access = accesses[j]!;
        if (access.isStore) ahead.add(access.key);
        else if (ahead.has(access.key)) access.isStore = true;
      }
    }
    return steps;
  }

  #collectInsn(insn: Insn): Step {
    const accesses: Access[] = [];
    let writes = 0;
    const tmps = tmpValues(insn.stmts);
    for (const stmt of insn.stmts) {
      for (const expr of stmtExprs(stmt)) this.#collectLoads(expr, tmps, accesses);
      if (stmt.s === 'store') this.#add(takeApart(stmt.addr, tmps, this.#isStatic), true, accesses);
      writes |= writtenRegisters(stmt);
    }
    return accesses.length === 0 && writes === 0 ? NOTHING : { accesses, writes };
  }
  #collectTerm(term: Term): Step {
    const accesses: Access[] = [];
    for (const expr of termExprs(term)) this.#collectLoads(expr, NO_TMPS, accesses);
    return { accesses, writes: term.t === 'call' ? CALLER_SAVED : 0 };
  }
  #collectLoads(expr: Expr, tmps: TmpValues, accesses: Access[]): void {
    for (const operand of operands(expr)) this.#collectLoads(operand, tmps, accesses);
    if (expr.op === 'load') this.#add(takeApart(expr.addr, tmps, this.#isStatic), false, accesses);
  }
  #add(address: Address, isStore: boolean, accesses: Access[]): void {
    if (address.kind !== 'base' || address.key === '') return;
    let key = this.#keys.get(address.key);
    if (key === undefined) {
      key = this.#keyRegisters.length;
      this.#keys.set(address.key, key);
      this.#keyRegisters.push(address.registers);
    }
    accesses.push({ key, isStore });
  }

  #kill(facts: Uint32Array, mask: number): void {
    for (let register = 0, rest = mask & 0xffff; rest !== 0; register++, rest >>>= 1) {
      if (rest & 1) for (let i = 0; i < this.#words; i++) facts[i]! &= ~this.#kills[register]![i]!;
    }
  }
  #apply(facts: Uint32Array, steps: readonly Step[]): void {
    for (const { accesses, writes } of steps) {
      for (const { key, isStore } of accesses) setBits(facts, key, isStore ? 3 : 1);
      this.#kill(facts, writes);
    }
  }

  /** Greatest solution of: facts at entry = what all predecessors leave; nothing at the root. */
  #solve(nodes: readonly FlowNode[]): void {
    const words = this.#words;
    const generated = new Map<FlowNode, Uint32Array>(), kept = new Map<FlowNode, Uint32Array>();
    for (const node of nodes) {
      const none = new Uint32Array(words), all = new Uint32Array(words).fill(0xffffffff);
      this.#apply(none, this.#steps.get(node)!);
      this.#apply(all, this.#steps.get(node)!);
      generated.set(node, none);
      kept.set(node, all);
      this.#entryFacts.set(node, node.index === 0 ? new Uint32Array(words) : new Uint32Array(words).fill(0xffffffff));
    }
    for (let isChanged = words > 0; isChanged;) {
      isChanged = false;
      for (const node of nodes) {
        if (node.index === 0) continue;
        const facts = this.#entryFacts.get(node)!;
        for (const predecessor of node.predecessors) {
          const entry = this.#entryFacts.get(predecessor)!, gen = generated.get(predecessor)!, keep = kept.get(predecessor)!;
          for (let i = 0; i < words; i++) {
            const next = facts[i]! & ((entry[i]! & keep[i]!) | gen[i]!);
            if (next >>> 0 !== facts[i]) {
              facts[i] = next;
              isChanged = true;
            }
          }
        }
      }
    }
  }
}

const setBits = (facts: Uint32Array, key: number, bits: number): void => { facts[key >> 4]! |= bits << ((key & 15) * 2); };

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

export function writtenRegisters(stmt: Stmt): number {
  switch (stmt.s) {
    case 'reg': return 1 << stmt.reg;
    case 'intrinsic': return stmt.writes & 0xffff;
    case 'string': return stringWrites(stmt);
    default: return 0;
  }
}
