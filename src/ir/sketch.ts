// Writes small IR functions by hand, for tests: instructions of 4 bytes each in sequence, labels, terminators.

import { add, c64, load64, reg, setReg, setTmp, store, tmp } from './build.ts';
import { RSP, type Block, type Expr, type Insn, type IrFunction, type Stmt, type Target, type Term } from './ir.ts';

const STEP = 4;
type Label = string;
type SketchTerm =
  | Exclude<Term, { t: 'jump' } | { t: 'branch' }>
  | { readonly t: 'jump'; readonly target: Label }
  | { readonly t: 'branch'; readonly cond: Expr; readonly taken: Label; readonly next: number };

export class FunctionSketch {
  readonly entry: number;
  readonly name: string;
  #pc: number;
  #start: number;
  #insns: Insn[] = [];
  readonly #labels = new Map<Label, number>();
  readonly #blocks: { start: number; insns: Insn[]; termPc: number; term: SketchTerm }[] = [];

  constructor(name: string, entry: number) {
    this.name = name;
    this.entry = entry;
    this.#pc = entry;
    this.#start = entry;
  }

  /** Address of the next instruction. */
  get here(): number { return this.#pc; }

  label(name: Label): this {
    if (this.#pc !== this.#start) this.#end({ t: 'jump', target: name }, 0);
    this.#labels.set(name, this.#pc);
    return this;
  }
  insn(...stmts: Stmt[]): this {
    this.#insns.push({ pc: this.#pc, next: this.#pc + STEP, stmts });
    this.#pc += STEP;
    return this;
  }
  set(register: number, value: Expr): this { return this.insn(setReg(register, value)); }
  push(register: number): this {
    return this.insn(store(8, add(reg(RSP), c64(-8)), reg(register)), setReg(RSP, add(reg(RSP), c64(-8))));
  }
  pop(register: number): this {
    return this.insn(setTmp(0, load64(reg(RSP))), setReg(RSP, add(reg(RSP), c64(8))), setReg(register, tmp('i64', 0)));
  }

  jump(label: Label): this { return this.#end({ t: 'jump', target: label }, STEP); }
  branch(cond: Expr, taken: Label): this { return this.#end({ t: 'branch', cond, taken, next: this.#pc + STEP }, STEP); }
  call(target: Target): this { return this.#end({ t: 'call', target, next: this.#pc + STEP }, STEP); }
  tail(target: Target): this { return this.#end({ t: 'tail', target }, STEP); }
  ret(popBytes = 0): this { return this.#end({ t: 'ret', popBytes }, STEP); }
  ud2(): this { return this.#end({ t: 'trap', kind: 'ud', vector: 6, name: 'ud2' }, 2); }
  trap(term: Extract<Term, { t: 'trap' }>): this { return this.#end(term, STEP); }

  #end(term: SketchTerm, size: number): this {
    this.#blocks.push({ start: this.#start, insns: this.#insns, termPc: this.#pc, term });
    this.#insns = [];
    this.#pc += size;
    this.#start = this.#pc;
    return this;
  }

  build(): IrFunction {
    const blocks = new Map<number, Block>();
    const at = (label: Label): number => {
      const pc = this.#labels.get(label);
      if (pc === undefined) throw new Error(`no label ${label}`);
      return pc;
    };
    let nrInsns = 0;
    for (const { term, ...rest } of this.#blocks) {
      const resolved: Term = term.t === 'jump' ? { t: 'jump', target: at(term.target) } : term.t === 'branch' ? { ...term, taken: at(term.taken) } : term;
      blocks.set(rest.start, { ...rest, term: resolved });
      nrInsns += rest.insns.length + 1;
    }
    return { entry: this.entry, name: this.name, blocks, nrInsns };
  }
}
