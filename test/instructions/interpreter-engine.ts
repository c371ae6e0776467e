// The IR interpreter behind the interface of the instruction tests.

import { Ram } from '../../src/base/ram.ts';
import { IntrinsicMachine } from '../../src/cpu/intrinsics.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../src/cpu/layout.ts';
import { RegisterBlock } from '../../src/cpu/registers.ts';
import { FunctionCode } from '../../src/ir/interpreter/code.ts';
import { Interpreter, LEFT } from '../../src/ir/interpreter/interpreter.ts';
import { Machine } from '../../src/ir/interpreter/machine.ts';
import type { IrFunction } from '../../src/ir/ir.ts';
import { verify } from '../../src/ir/verifier.ts';
import { CpuModel } from '../../src/x86/cpu-model.ts';
import { relocateMemory } from './compare.ts';
import { imageOf, type InstructionEngine, liftTestInstruction, OBSERVE, predicatesOf } from './engine.ts';
import { GUEST_INSN, GUEST_TAKEN, GUEST_WINDOW, type Outcome, relocateRegister, type State, VECTORS_SIZE, WINDOW_SIZE } from './layout.ts';

const RAM_SIZE = 4 << 20;

const newModel = (): CpuModel => new CpuModel(0, {
  portIn: () => 0, portOut: () => {}, timestamp: () => 0n, random: () => 0n, readMsr: () => undefined, writeMsr: () => false,
  interruptsChanged: () => {}, pagingChanged: () => {},
});

export class InterpreterEngine implements InstructionEngine {
  readonly name: string = 'interpreter';
  readonly ram = new Ram(RAM_SIZE);
  readonly block = new RegisterBlock(this.ram, CPU_BLOCK_OFFSET);
  readonly machine: Machine;
  /** Lifted functions of the prepared instructions. */
  protected functions: IrFunction[] = [];
  private readonly interpreter: Interpreter;
  private readonly regs = new BigUint64Array(this.block.big.buffer, this.block.big.byteOffset, 16);
  private readonly window = this.ram.bytes(GUEST_WINDOW, WINDOW_SIZE);
  private readonly vectors = new Uint8Array(this.block.big.buffer, CPU_BLOCK_OFFSET + BLOCK.vectors, 16 * 64);
  private codes: (FunctionCode | undefined)[] = [];
  private lengths: number[] = [];

  constructor() {
    const { block, ram } = this;
    this.machine = new Machine({ ram, regs: block.halves, preds: block.preds, bases: block.bases, budget: block.budget, readOnlyFrom: RAM_SIZE });
    this.interpreter = new Interpreter(this.machine);
    block.basesBig[0] = BigInt(GUEST_WINDOW);
    const intrinsics = new IntrinsicMachine(newModel(), this.machine, block);
    this.machine.intrinsic = (name, args, low) => {
      if (name !== OBSERVE) intrinsics.run(name, args, this.machine.hi * 4294967296 + (low >>> 0));
    };
  }

  prepare(codes: readonly Uint8Array[]): void {
    this.functions = codes.map(liftTestInstruction);
    this.codes = [];
    this.lengths = codes.map((code) => code.length);
    for (const fn of this.functions) {
      const problems = verify(fn);
      if (problems.length > 0) throw new Error(problems.join('; '));
    }
  }

  run(index: number, state: State): Outcome | undefined {
    this.load(state);
    return this.interpret(index);
  }

  protected load(state: State): void {
    this.block.budget[0] = 1_000_000;
    for (let r = 0; r < 16; r++) this.regs[r] = relocateRegister(state, r, state.regs[r]!);
    this.window.set(relocateMemory(state, state.memory));
    this.block.preds.set(predicatesOf(state.flags));
    for (let n = 0; n < 16; n++) this.vectors.set(state.vectors.subarray(16 * n, 16 * n + 16), 64 * n);
  }
  /** From the state in the block. */
  protected interpret(index: number): Outcome {
    const code = this.codes[index] ??= new FunctionCode(this.machine, this.functions[index]!);
    const why = this.interpreter.run(code.entry, 0);
    const landed = why === LEFT.trap ? this.interpreter.block.block.termPc : why === LEFT.fault ? GUEST_INSN : this.targetOf(why);
    return this.outcome(index, landed, why === LEFT.fault ? 0x100 | this.machine.fault.vector : 0);
  }
  protected outcome(index: number, landed: number, exception: number): Outcome {
    if (exception === 0 && landed !== GUEST_TAKEN && landed !== GUEST_INSN + this.lengths[index]!) throw new Error(`control went to ${landed}`);
    const vectors = new Uint8Array(VECTORS_SIZE);
    for (let n = 0; n < 16; n++) vectors.set(this.vectors.subarray(64 * n, 64 * n + 16), 16 * n);
    return { exception, taken: exception === 0 && landed === GUEST_TAKEN, flags: imageOf(this.block.preds), regs: this.regs.slice(), memory: this.window.slice(), vectors };
  }

  private targetOf(why: number): number {
    const { term } = this.interpreter.block.block;
    if ((term.t === 'call' || term.t === 'tail') && typeof term.target === 'number') return term.target;
    if (why === LEFT.ret || why === LEFT.call || why === LEFT.tail) return this.interpreter.targetHigh * 4294967296 + (this.interpreter.targetLow >>> 0);
    return 0;
  }
}
