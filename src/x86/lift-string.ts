// String instructions: one IR statement each, which the engines run element by element.

import type { Instruction } from './instruction.ts';
import type { LifterTable, Lifting } from './lifting.ts';

type StringKind = 'movs' | 'stos' | 'lods' | 'cmps' | 'scas' | 'ins' | 'outs';

const liftString = (kind: StringKind, isCompare: boolean) => (l: Lifting, insn: Instruction): boolean => {
  // No compiler makes these: the statement has rsi, rdi, rcx in 64 bits and no segment.
  if (insn.addressSize === 4) return false;
  if (insn.segment !== 0 && kind !== 'stos' && kind !== 'scas' && kind !== 'ins') return false;
  const rep = insn.repeat === 'none' ? 'none' : !isCompare ? 'rep' : insn.repeat === 'rep' ? 'repe' : 'repne';
  l.emit({ s: 'string', kind, size: insn.size, rep });
  return true;
};

export const strings: LifterTable = {
  movs: liftString('movs', false), stos: liftString('stos', false), lods: liftString('lods', false),
  ins: liftString('ins', false), outs: liftString('outs', false),
  cmps: liftString('cmps', true), scas: liftString('scas', true),
};
