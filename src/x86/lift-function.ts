// Machine code of one function -> IrFunction. Blocks are found by following jumps from the entry; a jump to another function's
// entry is a tail call, a jump into a `.cold` part or anywhere else stays inside. Arbitrary bytes are survived: what cannot be
// decoded or translated ends its block with a trap that names it.

import { hex16 } from '../base/ptr.ts';
import { reg } from '../ir/build.ts';
import { type Block, type Insn, type IrFunction, RAX, RDX, type Target, type Term } from '../ir/ir.ts';
import { Decoder } from './decoder.ts';
import { BAD, type Instruction } from './instruction.ts';
import { lift } from './lift.ts';
import type { Lifting, RdxFact } from './lifting.ts';

/** What the lifter asks about the code around it. */
export interface LiftEnv {
  /** Bytes of code from `addr` on (at least 15, or up to the end of the region); empty or undefined where there is no code. */
  readBytes(addr: number): Uint8Array | undefined;
  /** Named thunks of the compiler: what a transfer to them means. */
  special(addr: number): { readonly kind: 'nop' } | { readonly kind: 'return' } | { readonly kind: 'indirect'; readonly reg: number } | undefined;
  /** The code behind a call to it is not reached. */
  isNoReturn(addr: number): boolean;
  /** The function that contains the address. */
  functionAt(addr: number): { readonly address: number; readonly size: number; readonly name: string } | undefined;
  /** Kept from function to function, since it parses its tables as they are used. Without it each function has one of its own. */
  readonly decoder?: Decoder;
}

/** Instructions of a function without translation, for `kobox check`: addresses by mnemonic. */
export interface FunctionSurvey {
  readonly nrInsns: number;
  readonly untranslated: ReadonlyMap<string, readonly number[]>;
}

export const liftFunction = (env: LiftEnv, entry: number): IrFunction => new FunctionLifter(env, entry, false).lift();

/** As liftFunction, but looks also at what lies behind untranslated instructions. */
export const surveyFunction = (env: LiftEnv, entry: number): FunctionSurvey => {
  const fn = new FunctionLifter(env, entry, true).lift();
  const untranslated = new Map<string, number[]>();
  for (const block of fn.blocks.values()) {
    if (block.term.t !== 'trap' || block.term.kind !== 'undecodable') continue;
    const name = block.term.name;
    const list = untranslated.get(name);
    if (list) list.push(block.termPc);
    else untranslated.set(name, [block.termPc]);
  }
  return { nrInsns: fn.nrInsns, untranslated };
};

/** A function this long is data taken for code. */
const MAX_INSNS = 1 << 18;

/** An instruction met on some path. `term` is set when it ends its block. */
interface Visited {
  readonly insn: Instruction;
  readonly lifting: Lifting;
  readonly next: number;
  term: Term | undefined;
}

/** A jump target as seen from this function. */
type Place = { readonly at: 'inside' } | { readonly at: 'outside'; readonly term: Term };
const INSIDE: Place = { at: 'inside' };

class FunctionLifter {
  private readonly env: LiftEnv;
  private readonly entry: number;
  private readonly passesUntranslated: boolean;
  private readonly decoder: Decoder;
  private readonly visited = new Map<number, Visited>();
  private readonly leaders = new Set<number>();
  private readonly pending: number[] = [];
  /** Blocks without code of their own: a tail call that a conditional jump makes, the end of the road after a call that never returns. */
  private readonly stubs = new Map<number, Term>();

  private window: Uint8Array = new Uint8Array(0);
  private windowBase = 0;

  constructor(env: LiftEnv, entry: number, passesUntranslated: boolean) {
    this.env = env;
    this.entry = entry;
    this.passesUntranslated = passesUntranslated;
    this.decoder = env.decoder ?? new Decoder();
  }

  lift(): IrFunction {
    this.follow(this.entry);
    for (let start = this.pending.pop(); start !== undefined; start = this.pending.pop()) this.walk(start);
    const blocks = new Map<number, Block>();
    blocks.set(this.entry, this.block(this.entry));
    const starts = [...this.leaders, ...[...this.stubs.keys()].filter((pc) => !this.leaders.has(pc))];
    for (const start of starts.sort((a, b) => a - b)) {
      if (start !== this.entry) blocks.set(start, this.block(start));
    }
    const name = this.env.functionAt(this.entry)?.name ?? hex16(this.entry);
    return { entry: this.entry, name, blocks, nrInsns: this.visited.size };
  }

  // Discovery

  private follow(pc: number): void {
    if (this.leaders.has(pc)) return;
    this.leaders.add(pc);
    this.pending.push(pc);
  }

  /** Straight-line code from `start` to the end of its block. */
  private walk(start: number): void {
    for (let pc = start; ;) {
      if (this.visited.has(pc)) {
        this.leaders.add(pc);
        return;
      }
      if (pc !== start && this.isForeign(pc)) {
        this.stubs.set(pc, { t: 'tail', target: pc });
        return;
      }
      const insn = this.visited.size < MAX_INSNS ? this.decode(pc) : undefined;
      if (!insn) {
        // No code here: whoever comes faults when it is fetched.
        this.leaders.delete(pc);
        this.stubs.set(pc, pc === this.entry ? { t: 'trap', kind: 'undecodable', vector: 6, name: 'no code' } : { t: 'tail', target: pc });
        return;
      }
      const lifting = lift(insn);
      const next = pc + insn.length;
      const item: Visited = { insn, lifting, next, term: undefined };
      this.visited.set(pc, item);
      if (lifting.flow) {
        item.term = this.terminator(item, lifting.flow);
        if (item.term) return;
      }
      pc = next;
    }
  }

  private decode(pc: number): Instruction | undefined {
    let offset = pc - this.windowBase;
    if (!(offset >= 0 && offset + 15 <= this.window.length)) {
      const bytes = this.env.readBytes(pc);
      if (!bytes || bytes.length === 0) return undefined;
      this.window = bytes;
      this.windowBase = pc;
      offset = 0;
    }
    return this.decoder.decode(this.window, offset, pc);
  }

  /** The terminator of an instruction, with its successors queued; undefined when control just goes on. */
  private terminator(item: Visited, flow: NonNullable<Lifting['flow']>): Term | undefined {
    switch (flow.f) {
      case 'jump': return this.jump(flow.target);
      case 'call': return this.call(item, flow.target);
      case 'ret': return { t: 'ret', popBytes: flow.popBytes };
      case 'branch': {
        this.enter(flow.taken);
        this.enterNext(item.next);
        return { t: 'branch', cond: flow.cond, taken: flow.taken, next: item.next };
      }
      case 'trap': {
        // BUG and WARN are ud2: the handler of WARN goes on behind it.
        const goesOn = flow.kind !== 'undecodable' ? item.insn.mnemonic !== BAD : this.passesUntranslated && item.insn.mnemonic !== BAD;
        if (goesOn && this.isSameFunction(item.insn.pc, item.next)) this.follow(item.next);
        return { t: 'trap', kind: flow.kind, vector: flow.vector, name: flow.name };
      }
    }
  }

  private jump(target: Target): Term {
    if (typeof target !== 'number') return { t: 'tail', target };
    const place = this.place(target);
    if (place.at === 'outside') return place.term;
    this.follow(target);
    return { t: 'jump', target };
  }

  private call(item: Visited, target: Target): Term | undefined {
    let callee = target;
    if (typeof target === 'number') {
      const special = this.env.special(target);
      // `call __fentry__` does nothing, and calling the return thunk comes straight back.
      if (special && special.kind !== 'indirect') return undefined;
      if (special) callee = reg(special.reg);
      else if (this.env.isNoReturn(target)) {
        this.stubs.set(item.next, { t: 'trap', kind: 'noreturn', vector: 6, name: 'return of a function that never returns' });
        return { t: 'call', target, next: item.next };
      }
    }
    this.enterNext(item.next);
    return { t: 'call', target: callee, next: item.next };
  }

  /** Target of a conditional jump: a block here, or a stub that leaves. */
  private enter(pc: number): void {
    const place = this.place(pc);
    if (place.at === 'inside') this.follow(pc);
    else this.stubs.set(pc, place.term);
  }
  private enterNext(pc: number): void {
    if (this.isForeign(pc)) this.stubs.set(pc, { t: 'tail', target: pc });
    else this.follow(pc);
  }

  private place(target: number): Place {
    const special = this.env.special(target);
    if (special) {
      if (special.kind === 'indirect') return { at: 'outside', term: { t: 'tail', target: reg(special.reg) } };
      return { at: 'outside', term: { t: 'ret', popBytes: 0 } };
    }
    const isElsewhere = this.isForeign(target) && !isColdPart(this.env.functionAt(target)!.name);
    if (isElsewhere || !this.hasCode(target)) return { at: 'outside', term: { t: 'tail', target } };
    return INSIDE;
  }

  /** The entry of another function. */
  private isForeign(pc: number): boolean {
    if (pc === this.entry) return false;
    const there = this.env.functionAt(pc);
    return there !== undefined && there.address === pc;
  }
  private isSameFunction(a: number, b: number): boolean {
    const here = this.env.functionAt(a);
    if (!here) return this.hasCode(b);
    return b >= here.address && b < here.address + here.size;
  }
  private hasCode(pc: number): boolean {
    if (pc >= this.windowBase && pc < this.windowBase + this.window.length) return true;
    const bytes = this.env.readBytes(pc);
    return bytes !== undefined && bytes.length > 0;
  }

  // Blocks

  private block(start: number): Block {
    const stub = this.stubs.get(start);
    if (!this.visited.has(start)) return { start, insns: [], termPc: start, term: stub! };
    const insns: Insn[] = [];
    let rdx: RdxFact;
    for (let pc = start; ;) {
      const item = this.visited.get(pc)!;
      let lifting = item.lifting;
      if (rdx && isWideDivision(item.insn)) lifting = lift(item.insn, rdx);
      if (!item.term || lifting.stmts.length > 0) insns.push({ pc, next: item.next, stmts: lifting.stmts });
      if (item.term) return { start, insns, termPc: pc, term: item.term };
      rdx = rdxAfter(item.insn, lifting, rdx);
      pc = item.next;
      if (this.leaders.has(pc) || !this.visited.has(pc)) return { start, insns, termPc: pc, term: { t: 'jump', target: pc } };
    }
  }
}

/** GCC splits the unlikely part of `f` off as `f.cold` (older versions `f.cold.0`). */
const isColdPart = (name: string): boolean => /\.cold(\.\d+)?$/.test(name);

const isWideDivision = (insn: Instruction): boolean =>
  (insn.mnemonic === 'div' || insn.mnemonic === 'idiv') && insn.operands[0]!.kind !== 'special' && (insn.operands[0] as { size: number }).size === 8;

/** What is known of rdx after an instruction. */
const rdxAfter = (insn: Instruction, lifting: Lifting, before: RdxFact): RdxFact => {
  let fact = before;
  for (const stmt of lifting.stmts) {
    if (stmt.s === 'reg') {
      if (stmt.reg === RDX) fact = stmt.value.op === 'const' && stmt.value.value === 0 ? 'zero' : insn.mnemonic === 'cqo' ? 'sign of rax' : undefined;
      else if (stmt.reg === RAX && fact === 'sign of rax') fact = undefined;
    } else if (stmt.s === 'intrinsic') {
      if ((stmt.writes & 1 << RDX) !== 0) fact = undefined;
      if ((stmt.writes & 1 << RAX) !== 0 && fact === 'sign of rax') fact = undefined;
    } else if (stmt.s === 'string' && stmt.kind === 'lods' && fact === 'sign of rax') fact = undefined;
  }
  return fact;
};
