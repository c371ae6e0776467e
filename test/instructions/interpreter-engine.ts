// The IR interpreter behind the interface of the instruction tests.

import { KERNEL_BASE } from '../../src/base/ptr.ts';
import { Ram } from '../../src/base/ram.ts';
import { RFLAGS_BIT } from '../../src/ir/flags.ts';
import { FunctionCode } from '../../src/ir/interpreter/code.ts';
import { Interpreter, LEFT } from '../../src/ir/interpreter/interpreter.ts';
import { Machine } from '../../src/ir/interpreter/machine.ts';
import { type IrFunction, PREDICATES } from '../../src/ir/ir.ts';
import { verify } from '../../src/ir/verifier.ts';
import { CpuModel } from '../../src/x86/cpu-model.ts';
import { INTRINSICS, type IntrinsicEnv } from '../../src/x86/intrinsics.ts';
import { FLAGS_MASK } from '../../src/x86/lifting.ts';
import { liftFunction } from '../../src/x86/lift-function.ts';
import { relocateMemory } from './compare.ts';
import { GUEST_CODE, GUEST_INSN, GUEST_TAKEN, GUEST_WINDOW, INSN_OFFSET, type Outcome, relocateRegister, type State, WINDOW_SIZE } from './layout.ts';

const RAM_SIZE = 1 << 20;
const BLOCK = 0x1000;
/** hlt: where an instruction ends. */
const STOP = 0xf4;
const OBSERVE = 'observe flags';

/** One way to execute an instruction. `prepare` may be expensive, `run` is called for many states. */
export interface InstructionEngine {
  readonly name: string;
  prepare(code: Uint8Array): void;
  run(state: State): Outcome;
}

/** The code page of a test instruction as liftFunction sees it. */
export const liftTestInstruction = (code: Uint8Array): IrFunction => {
  const page = new Uint8Array(0x200).fill(STOP);
  page.set(code, INSN_OFFSET);
  return observed(liftFunction({
    readBytes: (addr) => (addr >= GUEST_CODE && addr < GUEST_CODE + page.length ? page.subarray(addr - GUEST_CODE) : undefined),
    special: () => undefined,
    isNoReturn: () => false,
    functionAt: () => undefined,
  }, GUEST_INSN));
};

/** With the flags alive wherever the instruction ends: an intrinsic reads them. */
const observed = (fn: IrFunction): IrFunction => {
  const blocks = new Map([...fn.blocks].map(([start, block]) => {
    if (block.term.t !== 'trap') return [start, block];
    const stmt = { s: 'intrinsic', name: OBSERVE, args: [], reads: FLAGS_MASK, writes: 0, addr: null } as const;
    return [start, { ...block, insns: [...block.insns, { pc: block.termPc, next: block.termPc + 1, stmts: [stmt] }] }];
  }));
  return { ...fn, blocks };
};

export class InterpreterEngine implements InstructionEngine {
  readonly name = 'interpreter';
  private readonly ram = new Ram(RAM_SIZE);
  private readonly machine: Machine;
  private readonly interpreter: Interpreter;
  private readonly regs: BigUint64Array;
  private readonly window: Uint8Array;
  private code!: FunctionCode;
  private length = 0;

  constructor() {
    const buffer = this.ram.memory.buffer;
    this.machine = new Machine({
      ram: this.ram, regs: new Int32Array(buffer, BLOCK, 32), preds: new Uint8Array(buffer, BLOCK + 0xb0, 9),
      bases: new Int32Array(buffer, BLOCK + 0x90, 4), budget: new Int32Array(buffer, BLOCK + 0xa0, 1), readOnlyFrom: RAM_SIZE,
    });
    this.regs = new BigUint64Array(buffer, BLOCK, 16);
    this.window = this.ram.bytes(GUEST_WINDOW, WINDOW_SIZE);
    this.interpreter = new Interpreter(this.machine);
    this.machine.bases.set([GUEST_WINDOW | 0, -1]);
    const env = intrinsicEnv(this.machine);
    this.machine.intrinsic = (name, args, low) => {
      if (name === OBSERVE) return;
      const addr = this.machine.hi * 4294967296 + (low >>> 0);
      (INTRINSICS[name] ?? (() => { throw new Error(`no intrinsic ${name}`); }))(env, args, addr);
    };
  }

  prepare(code: Uint8Array): void {
    const fn = liftTestInstruction(code);
    const problems = verify(fn);
    if (problems.length > 0) throw new Error(problems.join('; '));
    this.code = new FunctionCode(this.machine, fn);
    this.length = code.length;
  }

  run(state: State): Outcome {
    const { machine, regs } = this;
    machine.budget[0] = 1_000_000;
    for (let r = 0; r < 16; r++) regs[r] = relocateRegister(state, r, state.regs[r]!);
    this.window.set(relocateMemory(state, state.memory));
    setConditionFlags(machine, state.flags);
    const why = this.interpreter.run(this.code.entry, 0);
    const outcome: Outcome = { exception: 0, taken: false, flags: conditionFlags(machine), regs: regs.slice(), memory: this.window.slice() };
    const landed = why === LEFT.trap ? this.interpreter.block.block.termPc : why === LEFT.fault ? GUEST_INSN : this.targetOf(why);
    if (why === LEFT.fault) outcome.exception = 0x100 | machine.fault.vector;
    else if (landed === GUEST_TAKEN) outcome.taken = true;
    else if (landed !== GUEST_INSN + this.length) throw new Error(`control went to ${landed} (${why})`);
    return outcome;
  }

  private targetOf(why: number): number {
    const term = this.interpreter.block.block.term;
    if ((term.t === 'call' || term.t === 'tail') && typeof term.target === 'number') return term.target;
    if (why === LEFT.ret || why === LEFT.call || why === LEFT.tail) return this.interpreter.targetHigh * 4294967296 + (this.interpreter.targetLow >>> 0);
    return 0;
  }
}

const setConditionFlags = (machine: Machine, image: number): void => {
  const flag = (bit: number): number => image >> bit & 1;
  const o = flag(11), b = flag(0), z = flag(6), s = flag(7);
  machine.preds.set([o, b, z, s, flag(2), flag(4), b | z, s ^ o, z | (s ^ o)]);
};
const conditionFlags = (machine: Machine): number => {
  const values = Object.fromEntries(PREDICATES.map((name, i) => [name, machine.preds[i]!])) as Record<(typeof PREDICATES)[number], number>;
  if (values.be !== (values.b | values.z) || values.l !== (values.s ^ values.o) || values.le !== (values.z | values.l)) {
    throw new Error(`predicates contradict each other: ${JSON.stringify(values)}`);
  }
  let image = 0;
  for (const [name, bit] of Object.entries(RFLAGS_BIT)) image |= values[name as 'o'] << bit;
  return image;
};

const intrinsicEnv = (machine: Machine): IntrinsicEnv => {
  const big = new BigInt64Array(machine.regs.buffer, machine.regs.byteOffset, 16);
  const access = (addr: number, size: number, isStore: boolean): number => {
    machine.hi = Math.floor(addr / 4294967296);
    const offset = isStore ? machine.storable(addr | 0, size) : machine.loadable(addr | 0, size);
    if (offset < 0) machine.pageFault(addr, size, isStore);
    return offset;
  };
  return {
    cpu: new CpuModel(0, {
      portIn: () => 0, portOut: () => {}, timestamp: () => 0n, random: () => 0n, readMsr: () => undefined, writeMsr: () => false,
      interruptsChanged: () => {}, pagingChanged: () => {},
    }),
    get: (reg) => big[reg]!,
    set: (reg, value) => { big[reg] = value; },
    get conditionFlags() { return conditionFlags(machine); },
    set conditionFlags(image) { setConditionFlags(machine, image); },
    load: (addr, size) => {
      const offset = access(addr, size, false);
      if (size === 8) return machine.view.getBigUint64(offset, true);
      return BigInt(size === 4 ? machine.view.getUint32(offset, true) : size === 2 ? machine.view.getUint16(offset, true) : machine.view.getUint8(offset));
    },
    store: (addr, size, value) => {
      const offset = access(addr, size, true);
      if (size === 8) machine.view.setBigUint64(offset, value, true);
      else for (let i = 0; i < size; i++) machine.view.setUint8(offset + i, Number(value >> BigInt(8 * i) & 0xffn));
    },
    fsBase: 0n,
    gsBase: BigInt(KERNEL_BASE),
    raise: (vector) => machine.raise(vector),
  };
};
