// What the instruction tests ask of an engine, and how they present an instruction to it.

import { type IrFunction, PREDICATES } from '../../src/ir/ir.ts';
import { ALL_REGISTERS, FLAGS_MASK } from '../../src/x86/lifting.ts';
import { liftFunction } from '../../src/x86/lift-function.ts';
import { RFLAGS_BIT } from '../../src/ir/flags.ts';
import { GUEST_CODE, GUEST_INSN, INSN_OFFSET, type Outcome, type State, TAKEN_OFFSET } from './layout.ts';

/** One way to execute instructions. `prepare` may be expensive; `run` is called for many states. */
export interface InstructionEngine {
  readonly name: string;
  prepare(codes: readonly Uint8Array[]): void;
  /** Runs instruction `index` of the prepared ones; undefined when this engine leaves such instructions to another. */
  run(index: number, state: State): Outcome | undefined;
}

/** hlt: where an instruction ends. */
const STOP = 0xf4;
/** No instruction in 64-bit mode. */
const INVALID = 0x06;
/** An intrinsic that reads everything, so that it is alive where an instruction ends. */
export const OBSERVE = 'observe';

/** The code page of a test instruction as liftFunction sees it. */
export const liftTestInstruction = (code: Uint8Array): IrFunction => {
  const page = new Uint8Array(0x200).fill(INVALID);
  page.set(code, INSN_OFFSET);
  page[INSN_OFFSET + code.length] = page[TAKEN_OFFSET] = STOP;
  return observed(liftFunction({
    readBytes: (addr) => (addr >= GUEST_CODE && addr < GUEST_CODE + page.length ? page.subarray(addr - GUEST_CODE) : undefined),
    special: () => undefined,
    isNoReturn: () => false,
    functionAt: () => undefined,
  }, GUEST_INSN));
};

const observed = (fn: IrFunction): IrFunction => {
  const blocks = new Map([...fn.blocks].map(([start, block]) => {
    if (block.term.t !== 'trap') return [start, block];
    const stmt = { s: 'intrinsic', name: OBSERVE, args: [], reads: FLAGS_MASK | ALL_REGISTERS, writes: 0, addr: null } as const;
    return [start, { ...block, insns: [...block.insns, { pc: block.termPc, next: block.termPc + 1, stmts: [stmt] }] }];
  }));
  return { ...fn, blocks };
};

/** Predicates for an RFLAGS image, in the order of PREDICATES. */
export const predicatesOf = (image: number): number[] => {
  const flag = (bit: number): number => image >> bit & 1;
  const o = flag(11), b = flag(0), z = flag(6), s = flag(7);
  return [o, b, z, s, flag(2), flag(4), b | z, s ^ o, z | (s ^ o)];
};
export const imageOf = (preds: Uint8Array): number => {
  const values = Object.fromEntries(PREDICATES.map((name, i) => [name, preds[i]!])) as Record<(typeof PREDICATES)[number], number>;
  if (values.be !== (values.b | values.z) || values.l !== (values.s ^ values.o) || values.le !== (values.z | values.l)) {
    throw new Error(`predicates contradict each other: ${JSON.stringify(values)}`);
  }
  let image = 0;
  for (const [name, bit] of Object.entries(RFLAGS_BIT)) image |= values[name as 'o'] << bit;
  return image;
};
