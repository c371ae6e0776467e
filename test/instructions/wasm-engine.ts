// The WebAssembly back end behind the interface of the instruction tests. Each instruction becomes a function of its own that first
// loads all registers and predicates, so that any state can be tried; it ends in a `trap`, where full state is stored. What
// translated code leaves to the interpreter (faults, slow paths) is redone there, as in the real processor.

import { offsetOf } from '../../src/base/ptr.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../src/cpu/layout.ts';
import { createWasmBackEnd } from '../../src/cpu/wasm/back-end.ts';
import { EXIT, type TranslationUnit, type WasmBackEnd } from '../../src/cpu/wasm-runtime.ts';
import { c64, load, setPred, setReg } from '../../src/ir/build.ts';
import { type Insn, type IrFunction, PREDICATES, RSP } from '../../src/ir/ir.ts';
import type { InstructionEngine } from './engine.ts';
import { OBSERVE } from './engine.ts';
import { InterpreterEngine } from './interpreter-engine.ts';
import { GUEST_CODE, GUEST_INSN, GUEST_WINDOW, type Outcome, relocateRegister, type State } from './layout.ts';
import { predicatesOf } from './engine.ts';

/** Where the prologues find registers and predicates. */
const INPUT = GUEST_CODE + 0x3000;
const PREDS_OFFSET = 128;
/** Entries of the test functions, one after the other, below the instruction. */
const FIRST_ENTRY = GUEST_CODE - 0x18000;
const ENTRY_DISTANCE = 0x40;
const MAX_FUNCTIONS = 0x600;

/** Thrown by `fault` to leave the wasm frame. */
const LEAVE = { name: 'leave' };

export class WasmEngine extends InterpreterEngine implements InstructionEngine {
  override readonly name = 'wasm';
  /** States whose instruction the interpreter redid without an exception. */
  nrRedone = 0;
  nrRun = 0;
  private readonly backEnd: WasmBackEnd;
  private readonly input: BigUint64Array;
  private readonly inputPreds: Uint8Array;
  private readonly intrinsics: { readonly name: string; readonly args: readonly (number | bigint)[] }[] = [];
  private leftAt = 0;
  private nextSlot = 1;
  private slots: (number | undefined)[] = [];

  constructor() {
    super();
    const { ram, machine } = this;
    const buffer = ram.memory.buffer;
    this.input = new BigUint64Array(buffer, offsetOf(INPUT), 16);
    this.inputPreds = new Uint8Array(buffer, offsetOf(INPUT) + PREDS_OFFSET, PREDICATES.length);
    const never = (what: string) => (): never => { throw new Error(`unexpected import ${what}`); };
    this.backEnd = createWasmBackEnd({
      ram, blockOffset: CPU_BLOCK_OFFSET,
      callee: () => ({ kind: 'none' }),
      intrinsic: (name, args) => this.intrinsics.push({ name, args }) - 1,
      imports: {
        hostCall: never('hostCall'), enter: never('enter'), resolve: never('resolve'), capture: () => {}, budget: never('budget'),
        fault: (_slot, kind, pc) => {
          this.leftAt = kind === EXIT.stackOverflow ? 0 : pc;
          throw LEAVE;
        },
        intrinsic: (id) => {
          const { name, args } = this.intrinsics[id]!;
          if (name === OBSERVE) return;
          const [low, high] = new Int32Array(buffer, CPU_BLOCK_OFFSET + BLOCK.target, 2) as unknown as [number, number];
          machine.hi = high;
          machine.intrinsic(name, args, low);
        },
      },
    });
    // Below any rsp as a 64-bit number, and right below the window in its lower half: functions that track rsp compare only that.
    new Int32Array(buffer, CPU_BLOCK_OFFSET + BLOCK.stackLimit, 2).set([GUEST_WINDOW - 0x1000, -0x80000000]);
  }

  override prepare(codes: readonly Uint8Array[]): void {
    super.prepare(codes);
    if (codes.length > MAX_FUNCTIONS) throw new Error('too many instructions in one batch');
    const units: TranslationUnit[] = [];
    this.slots = this.functions.map((fn, i) => {
      // Calls, jumps out and returns leave the function: the interpreter's business here.
      if ([...fn.blocks.values()].some(({ term }) => term.t === 'call' || term.t === 'tail' || term.t === 'ret')) return undefined;
      const slot = this.nextSlot++;
      units.push({ slot, fn: withPrologue(fn, FIRST_ENTRY + i * ENTRY_DISTANCE) });
      return slot;
    });
    this.backEnd.reserve(this.nextSlot);
    const failed = new Set(this.backEnd.translate(units));
    this.slots = this.slots.map((slot) => (slot !== undefined && failed.has(slot) ? undefined : slot));
  }

  override run(index: number, state: State): Outcome | undefined {
    const slot = this.slots[index];
    if (slot === undefined) return undefined;
    this.load(state);
    for (let r = 0; r < 16; r++) this.input[r] = relocateRegister(state, r, state.regs[r]!);
    this.inputPreds.set(predicatesOf(state.flags));
    this.nrRun++;
    try {
      this.backEnd.invoke(slot);
    } catch (thrown) {
      if (thrown === this.machine.fault) return this.outcome(index, GUEST_INSN, 0x100 | this.machine.fault.vector);
      if (thrown !== LEAVE) throw thrown;
      // An rsp near -2^63 fails the stack check of a function that changes it.
      if (this.leftAt === 0) return undefined;
      if (this.leftAt !== GUEST_INSN) return this.outcome(index, this.leftAt, 0);
      const redone = this.interpret(index);
      if (redone.exception === 0) this.nrRedone++;
      return redone;
    }
    throw new Error('the function returned');
  }
}

/** The function behind a block at `entry` that loads the whole state. rsp comes as the parameter it is. */
const withPrologue = (fn: IrFunction, entry: number): IrFunction => {
  const insns: Insn[] = [];
  const emit = (stmt: Insn['stmts'][number]): void => void insns.push({ pc: entry + insns.length, next: entry + insns.length + 1, stmts: [stmt] });
  for (let r = 0; r < 16; r++) if (r !== RSP) emit(setReg(r, load('i64', 8, c64(INPUT + 8 * r))));
  for (const [i, name] of PREDICATES.entries()) emit(setPred(name, load('i32', 1, c64(INPUT + PREDS_OFFSET + i))));
  const prologue = { start: entry, insns, termPc: entry + insns.length, term: { t: 'jump', target: GUEST_INSN } } as const;
  return { entry, name: `test${entry}`, nrInsns: fn.nrInsns, blocks: new Map([[entry, prologue], ...fn.blocks]) };
};

