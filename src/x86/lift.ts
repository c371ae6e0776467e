// Decoded instruction -> IR. One table of lifters by mnemonic, put together from the families.

import { BAD, type Instruction } from './instruction.ts';
import { arithmetic } from './lift-arithmetic.ts';
import { bits } from './lift-bits.ts';
import { control } from './lift-control.ts';
import { moves } from './lift-moves.ts';
import { muldiv } from './lift-muldiv.ts';
import { shifts } from './lift-shift.ts';
import { sse } from './lift-sse.ts';
import { strings } from './lift-string.ts';
import { system } from './lift-system.ts';
import { type LifterTable, Lifting, type RdxFact } from './lifting.ts';

const LIFTERS: LifterTable = { ...moves, ...arithmetic, ...shifts, ...bits, ...muldiv, ...strings, ...control, ...system, ...sse };

/** Whether some form of the mnemonic has a translation. */
export const hasLifter = (mnemonic: string): boolean => Object.hasOwn(LIFTERS, mnemonic);
export const liftedMnemonics = (): readonly string[] => Object.keys(LIFTERS).filter((name) => name !== BAD);

/** The instruction's statements, and its flow if it ends a block. What has no translation traps, naming itself. */
export const lift = (insn: Instruction, rdx?: RdxFact): Lifting => {
  const l = new Lifting(insn, rdx);
  const lifter = LIFTERS[insn.mnemonic];
  if (lifter && lifter(l, insn) !== false) return l;
  const refused = new Lifting(insn, undefined);
  refused.flow = { f: 'trap', kind: 'undecodable', vector: 6, name: insn.mnemonic };
  return refused;
};
