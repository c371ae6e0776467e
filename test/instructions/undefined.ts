// What the SDM (vol. 2, "Flags Affected" of each instruction) leaves undefined: the one place where a difference between an engine
// and a processor is forgiven.

import type { Instruction } from '../../src/x86/instruction.ts';
import { FLAGS, type State } from './layout.ts';

const { C, P, A, Z, S, O } = FLAGS;

/** By mnemonic, whatever the operands. */
export const ALWAYS_UNDEFINED: Readonly<Record<string, number>> = {
  and: A, or: A, xor: A, test: A, andn: A | P, bextr: A | S | P, bzhi: A | P, blsr: A | P, blsi: A | P, blsmsk: A | P,
  mul: S | Z | A | P, imul: S | Z | A | P, div: C | P | A | Z | S | O, idiv: C | P | A | Z | S | O,
  bt: O | S | A | P, bts: O | S | A | P, btr: O | S | A | P, btc: O | S | A | P,
  bsf: C | O | S | A | P, bsr: C | O | S | A | P, tzcnt: O | S | A | P, lzcnt: O | S | A | P,
};
const SHIFTS = new Set(['shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr', 'shld', 'shrd']);
const ALL = C | P | A | Z | S | O;

/** A shift's flags for a known count (masked as the processor masks it), when nothing was undefined before. */
const undefinedByCount = (insn: Instruction, count: number): number => {
  const name = insn.mnemonic;
  const bits = insn.size * 8;
  if (count === 0) return 0;
  const overflow = count === 1 ? 0 : O;
  if (name.startsWith('r')) return overflow;
  if (name === 'shld' || name === 'shrd') return count > bits ? ALL : overflow | A;
  return overflow | A | (name !== 'sar' && count >= bits ? C : 0);
};

const maskedCount = (insn: Instruction, count: number): number => count & (insn.size === 8 ? 63 : 31);
const constantCount = (insn: Instruction): number | undefined => {
  const by = insn.operands.at(-1)!;
  return by.kind === 'imm' ? maskedCount(insn, Number(by.value)) : undefined;
};
const shiftCount = (insn: Instruction, state: State): number => constantCount(insn) ?? maskedCount(insn, Number(state.regs[1]! & 0xffn));

export const undefinedFlags = (insn: Instruction, state: State): number =>
  SHIFTS.has(insn.mnemonic) ? undefinedByCount(insn, shiftCount(insn, state)) : (ALWAYS_UNDEFINED[insn.mnemonic] ?? 0);

/** What may be undefined after a shift whose state is not known, given what was before; undefined for other instructions. */
export const undefinedAfterShift = (insn: Instruction, before: number): number | undefined => {
  if (!SHIFTS.has(insn.mnemonic)) return undefined;
  const count = constantCount(insn);
  // A rotate leaves Z, S, P and A alone, and a count of zero everything.
  const kept = count === 0 ? ALL : insn.mnemonic.startsWith('r') ? P | A | Z | S : 0;
  if (count !== undefined) return (before & kept) | undefinedByCount(insn, count);
  let any = 0;
  for (let n = 0; n < (insn.size === 8 ? 64 : 32); n++) any |= undefinedByCount(insn, n);
  return before | any;
};

/** The result itself is undefined. */
export const isResultUndefined = (insn: Instruction, state: State): boolean => {
  const name = insn.mnemonic;
  if (name === 'shld' || name === 'shrd') return shiftCount(insn, state) > insn.size * 8;
  return name === 'bswap' && insn.size === 2;
};
