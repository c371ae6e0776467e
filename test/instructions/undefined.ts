// What the SDM (vol. 2, "Flags Affected" of each instruction) leaves undefined: the one place where a difference between an engine
// and a processor is forgiven.

import type { Instruction } from '../../src/x86/instruction.ts';
import { FLAGS, type State } from './layout.ts';

const { C, P, A, Z, S, O } = FLAGS;

const ALWAYS: Readonly<Record<string, number>> = {
  and: A, or: A, xor: A, test: A, andn: A | P, bextr: A | S | P, bzhi: A | P, blsr: A | P, blsi: A | P, blsmsk: A | P,
  mul: S | Z | A | P, imul: S | Z | A | P, div: C | P | A | Z | S | O, idiv: C | P | A | Z | S | O,
  bt: O | S | A | P, bts: O | S | A | P, btr: O | S | A | P, btc: O | S | A | P,
  bsf: C | O | S | A | P, bsr: C | O | S | A | P, tzcnt: O | S | A | P, lzcnt: O | S | A | P,
};
const SHIFTS = new Set(['shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr', 'shld', 'shrd']);

/** The count of a shift, masked as the processor masks it. */
export const shiftCount = (insn: Instruction, state: State): number => {
  const by = insn.operands.at(-1)!;
  const raw = by.kind === 'imm' ? Number(by.value) : Number(state.regs[1]! & 0xffn);
  return raw & (insn.size === 8 ? 63 : 31);
};

export const undefinedFlags = (insn: Instruction, state: State): number => {
  const name = insn.mnemonic;
  if (!SHIFTS.has(name)) return ALWAYS[name] ?? 0;
  const count = shiftCount(insn, state);
  const bits = insn.size * 8;
  if (count === 0) return 0;
  const overflow = count === 1 ? 0 : O;
  if (name.startsWith('r')) return overflow;
  if (name === 'shld' || name === 'shrd') return count > bits ? C | P | A | Z | S | O : overflow | A;
  return overflow | A | (name !== 'sar' && count >= bits ? C : 0);
};

/** The result itself is undefined. */
export const isResultUndefined = (insn: Instruction, state: State): boolean => {
  const name = insn.mnemonic;
  if (name === 'shld' || name === 'shrd') return shiftCount(insn, state) > insn.size * 8;
  return name === 'bswap' && insn.size === 2;
};
