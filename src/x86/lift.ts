// Decoded instruction -> IR. Lifters are found by mnemonic in the tables of the families.

import { BAD, type Instruction } from './instruction.ts';
import { arithmetic } from './lift-arithmetic.ts';
import { bits } from './lift-bits.ts';
import { control } from './lift-control.ts';
import { moves } from './lift-moves.ts';
import { muldiv } from './lift-muldiv.ts';
import { shifts } from './lift-shift.ts';
import { sseLifters } from './lift-sse.ts';
import { strings } from './lift-string.ts';
import { system } from './lift-system.ts';
import { type Lifter, type LifterTable, Lifting, type RdxFact } from './lifting.ts';

/** No mnemonic is in two of them. Searched one after the other, because making one table of all takes longer than most runs search. */
const FAMILIES: readonly LifterTable[] = [moves, arithmetic, control, shifts, bits, muldiv, strings, system];
const lifterOf = (mnemonic: string): Lifter | undefined => (FAMILIES.find((family) => Object.hasOwn(family, mnemonic)) ?? sseLifters())[mnemonic];

/** Whether some form of the mnemonic has a translation. */
export const hasLifter = (mnemonic: string): boolean => lifterOf(mnemonic) !== undefined;
export const liftedMnemonics = (): readonly string[] => [...FAMILIES, sseLifters()].flatMap((family) => Object.keys(family)).filter((name) => name !== BAD);

/** The instruction's statements, and its flow if it ends a block. What has no translation traps, naming itself. */
export const lift = (insn: Instruction, rdx?: RdxFact): Lifting => {
  const l = new Lifting(insn, rdx);
  const lifter = lifterOf(insn.mnemonic);
  if (lifter && lifter(l, insn) !== false) return l;
  const refused = new Lifting(insn, undefined);
  refused.flow = { f: 'trap', kind: 'undecodable', vector: 6, name: insn.mnemonic };
  return refused;
};
