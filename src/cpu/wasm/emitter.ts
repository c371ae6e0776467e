// State of one function while it is translated: the wasm locals that stand for registers, predicates and temporaries, and
// what is known at the place where code is being written. The modules around it (expressions, memory, statements, calls) are
// functions over this state.

import { assert } from '../../base/assert.ts';
import { PREDICATES, REGISTER_NAMES, RSP, type Expr, type IrFunction, type Pred, type Stmt } from '../../ir/ir.ts';
import type { Liveness } from '../../ir/liveness.ts';
import type { StackMap } from '../../ir/stack.ts';
import { Code, type Label } from '../../wasm/code.ts';
import { I32, I64, OP, type ValueType } from '../../wasm/opcodes.ts';
import { BLOCK } from '../layout.ts';
import type { TmpValues } from './address.ts';
import type { CheckedBases } from './checked-bases.ts';
import type { ControlFlow, FlowNode } from './control-flow.ts';
import type { Signature } from './signatures.ts';
import type { Unit } from './unit.ts';
import type { Widths } from './widths.ts';

const NO_TMPS: TmpValues = new Map();

export interface EmitterInput {
  readonly unit: Unit;
  /** Flags are lowered to predicates. */
  readonly fn: IrFunction;
  readonly slot: number;
  readonly flow: ControlFlow;
  readonly likely: ReadonlyMap<number, number>;
  readonly predicates: Liveness;
  readonly stack: StackMap;
  readonly bases: CheckedBases;
  readonly signature: Signature;
  /** Registers that are parameters, in order. Empty for a resumable version, which takes all registers from the block. */
  readonly parameters: readonly number[];
  readonly isResumable: boolean;
  readonly widths: Widths;
}

export class Emitter {
  readonly unit: Unit;
  readonly fn: IrFunction;
  readonly slot: number;
  readonly flow: ControlFlow;
  /** Likely targets of indirect calls, by the start of the block. */
  readonly likely: ReadonlyMap<number, number>;
  readonly stack: StackMap;
  readonly bases: CheckedBases;
  readonly signature: Signature;
  readonly widths: Widths;
  readonly isResumable: boolean;
  readonly parameters: readonly number[];
  readonly code: Code;
  /** Local with the work budget: it stands in RAM only while other code than this unit's functions runs. */
  readonly budget: number;
  /** rsp is known relative to its value at entry: it has no variable of its own, and slots of the frame need no checks. */
  readonly isStatic: boolean;

  /** Writes the code of an expression; set by expressions.ts, so that the modules it uses can come back to it. */
  expr: (expr: Expr) => void = () => assert(false, 'the emitter is complete');
  /** The same for the low 32 bits of an i64. */
  low: (expr: Expr) => void = () => assert(false, 'the emitter is complete');
  /** Where exits go: full state is stored there. */
  exit: Label = 0;
  usesExit = false;
  /** The node being written, and its instruction. */
  node: FlowNode | undefined;
  pc = 0;
  /** rsp relative to entry (static functions). */
  delta = 0;
  tmpValues: TmpValues = new Map();
  /** Registers that still hold the caller's values before the instruction. */
  unwritten = 0;
  /** Registers that may hold an argument of the call in hand which does not stand in the block yet. */
  arguments = 0;

  /** Predicates that an exit or a full-state call may have to hand over, as a mask. */
  exitPreds = 0;

  /** Registers whose value stands in its i32 local here, as a mask. */
  narrow = 0;

  readonly #registers: number[] = new Array(16).fill(-1);
  readonly #narrowRegisters: number[] = new Array(16).fill(-1);
  readonly #preds: number[] = new Array(PREDICATES.length).fill(-1);
  readonly #bases: number[] = [];
  #tmps = new Map<number, number>();
  readonly #free: Record<ValueType, number[]> = { [I32]: [], [I64]: [] };
  #taken: { local: number; type: ValueType }[] = [];
  readonly #named = new Map<string, number>();
  #knownPc = -1;
  /** What the `delta` variable holds. */
  #storedDelta = 0;

  constructor(input: EmitterInput) {
    this.unit = input.unit;
    this.fn = input.fn;
    this.slot = input.slot;
    this.flow = input.flow;
    this.likely = input.likely;
    this.stack = input.stack;
    this.bases = input.bases;
    this.signature = input.signature;
    this.widths = input.widths;
    this.isResumable = input.isResumable;
    this.isStatic = input.stack.isStatic;
    this.parameters = input.parameters;
    this.code = new Code(input.isResumable ? 0 : input.parameters.length + 1, 64 + input.fn.nrInsns * 24);
    input.parameters.forEach((register, index) => { this.#registers[register] = index; });
    this.budget = input.isResumable ? this.code.local(I32) : input.parameters.length;
  }

  /**
   * A register has up to two locals, i64 and i32, of which the one that is not in use holds zero. rsp has the first kind only: its
   * value at entry where it is tracked, else its value.
   */
  declare(register: number, isNarrow: boolean): void {
    const locals = isNarrow ? this.#narrowRegisters : this.#registers;
    if (locals[register]! < 0) locals[register] = this.code.local(isNarrow ? I32 : I64);
  }
  hasRegister(register: number): boolean { return this.#registers[register]! >= 0 || this.#narrowRegisters[register]! >= 0; }
  /** Leaves all 64 bits. */
  getRegister(register: number): void {
    if (!(this.narrow >> register & 1)) {
      this.code.get(this.#wide(register));
      return;
    }
    this.code.get(this.#narrowRegisters[register]!);
    this.code.op(OP['i64.extend_i32_u']);
  }
  /** Leaves the low 32 bits. */
  getLow(register: number): void {
    const isNarrow = (this.narrow >> register & 1) !== 0;
    this.code.get(isNarrow ? this.#narrowRegisters[register]! : this.#wide(register));
    if (!isNarrow) this.code.op(OP['i32.wrap_i64']);
  }
  /** Leaves all 64 bits where it is not known which local is in use: code at several places leads here. */
  getAnyRegister(register: number): void {
    const wide = this.#registers[register]!, narrow = this.#narrowRegisters[register]!;
    if (wide >= 0) this.code.get(wide);
    if (narrow < 0) return;
    this.code.get(narrow);
    this.code.op(OP['i64.extend_i32_u']);
    if (wide >= 0) this.code.op(OP['i64.or']);
  }
  /** Takes an i64. */
  setRegister(register: number): void {
    this.code.set(this.#wide(register));
    this.narrow &= ~(1 << register);
    this.#clear(this.#narrowRegisters[register]!, false);
  }
  /** Takes an i32. */
  setNarrow(register: number): void {
    this.declare(register, true);
    this.code.set(this.#narrowRegisters[register]!);
    this.narrow |= 1 << register;
    this.#clear(this.#registers[register]!, true);
  }
  forgetRegister(register: number): void {
    this.#clear(this.#registers[register]!, true);
    this.#clear(this.#narrowRegisters[register]!, false);
  }
  /** Puts a register into its i64 local, for an instruction that changes it there. */
  widen(register: number): number {
    if (this.narrow >> register & 1) {
      this.getRegister(register);
      this.setRegister(register);
    }
    return this.#wide(register);
  }
  #wide(register: number): number {
    this.declare(register, false);
    return this.#registers[register]!;
  }
  #clear(local: number, isWide: boolean): void {
    if (local < 0) return;
    if (isWide) this.code.i64(0);
    else this.code.i32(0);
    this.code.set(local);
  }
  pred(pred: Pred): number {
    const index = PREDICATES.indexOf(pred);
    let local = this.#preds[index]!;
    if (local < 0) local = this.#preds[index] = this.code.local(I32);
    return local;
  }
  hasPred(pred: Pred): boolean { return this.#preds[PREDICATES.indexOf(pred)]! >= 0; }
  /** Local that holds the index (RAM offset minus ACCESS_FLOOR) of a checked base. */
  base(key: number): number { return this.#bases[key] ??= this.code.local(I32); }
  tmp(expr: Expr & { op: 'tmp' }): number {
    const local = this.#tmps.get(expr.tmp);
    assert(local !== undefined, `temporary t${expr.tmp} is set before it is read`);
    return local;
  }
  setTmp(stmt: Stmt & { s: 'tmp' }): number {
    let local = this.#tmps.get(stmt.tmp);
    if (local === undefined) this.#tmps.set(stmt.tmp, local = this.scratch(stmt.value.type === 'i64' ? I64 : I32));
    return local;
  }
  /** A local until the end of the instruction. */
  scratch(type: ValueType): number {
    const local = this.#free[type].pop() ?? this.code.local(type);
    this.#taken.push({ local, type });
    return local;
  }
  /** A local of the whole function. */
  variable(name: 'pc' | 'kind' | 'delta' | 'frame'): number {
    let local = this.#named.get(name);
    if (local === undefined) this.#named.set(name, local = this.code.local(I32));
    return local;
  }
  hasVariable(name: string): boolean { return this.#named.has(name); }

  /** Names of the locals, for people who read the code. */
  localNames(): ReadonlyMap<number, string> {
    const names = new Map<number, string>([[this.budget, 'budget']]);
    const note = (locals: readonly number[], name: (index: number) => string): void => {
      locals.forEach((local, index) => { if (local !== undefined && local >= 0) names.set(local, name(index)); });
    };
    note(this.#registers, (register) => REGISTER_NAMES[register]!);
    note(this.#narrowRegisters, (register) => `${REGISTER_NAMES[register]!}.low`);
    note(this.#preds, (index) => `?${PREDICATES[index]!}`);
    note(this.#bases, (key) => `base${key}`);
    for (const [name, local] of this.#named) names.set(local, name);
    return names;
  }

  startBlock(node: FlowNode): void {
    this.node = node;
    this.pc = Number.NaN;
    this.#knownPc = -1;
    this.narrow = this.widths.atStart(node.block);
    this.bases.startBlock(node);
    if (this.isStatic) this.delta = this.stack.at(node.block.insns[0]?.pc ?? node.block.termPc) ?? 0;
    this.#storedDelta = this.delta;
  }
  startInsn(position: number, pc: number): void {
    this.bases.startStep(position);
    // A terminator may be the second part of an instruction and read its temporaries.
    if (pc === this.pc && position > 0) return;
    this.pc = pc;
    this.tmpValues = NO_TMPS;
    for (const { local, type } of this.#taken) this.#free[type].push(local);
    this.#taken = [];
    this.#tmps = new Map();
  }

  /** Makes the pc variable hold the instruction in hand, for the exit that follows. */
  notePc(): void { this.#setPc(this.pc - this.fn.entry); }
  /** Makes it hold where the frame goes on after a call; undefined: nowhere (a tail call, a full-state call). */
  noteSite(next: number | undefined): void {
    this.flushDelta();
    this.#setPc(next === undefined ? 0 : next - this.fn.entry);
  }
  /** The pc variable was set behind the back of notePc, or on one arm only. */
  forgetPc(): void { this.#knownPc = -1; }
  #setPc(relative: number): void {
    if (this.#knownPc === relative) return;
    this.#knownPc = relative;
    this.code.i32(relative);
    this.code.set(this.variable('pc'));
  }

  /** The label that exits branch to. */
  exitLabel(): Label {
    this.flushDelta();
    this.usesExit = true;
    return this.exit;
  }

  /** Makes the variable that exits read rsp from hold the tracked rsp: before anything that may leave, and at the end of a block. */
  flushDelta(): void {
    if (this.#storedDelta === this.delta) return;
    this.#storedDelta = this.delta;
    this.code.i32(this.delta);
    this.code.set(this.variable('delta'));
  }
  /** Offset of [rsp + displacement] from the frame variable, which holds the RAM offset of the lowest byte of the frame. */
  frameOffset(displacement: number): number { return this.stack.depth + this.delta + displacement; }

  /** Leaves rsp as i64. */
  getRsp(displacement = 0): void {
    const constant = this.isStatic ? this.delta + displacement : displacement;
    this.getRegister(RSP);
    if (constant === 0) return;
    this.code.i64(constant);
    this.code.op(OP['i64.add']);
  }

  /** Address of a field of the CPU block: a constant index, the field goes into the access's offset. */
  blockField(name: keyof typeof BLOCK, index = 0): number {
    return this.unit.blockOffset + BLOCK[name] + index;
  }
  /** Stores an i64 that `value` leaves to register `register` of the block. */
  storeToBlock(register: number, value: () => void): void {
    this.code.i32(0);
    value();
    this.code.memory(OP['i64.store'], this.blockField('regs', register * 8));
  }
  loadFromBlock(register: number): void {
    this.code.i32(0);
    this.code.memory(OP['i64.load'], this.blockField('regs', register * 8));
  }
}
