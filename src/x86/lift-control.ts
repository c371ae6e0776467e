// Control transfers: what ends a block.

import { add, and, c64, eqz, extendU, ne, pred, reg, setReg, wrap } from '../ir/build.ts';
import { type Expr, RCX, type Target } from '../ir/ir.ts';
import { BAD, CONDITION_NAMES, type Instruction, type Operand } from './instruction.ts';
import { condition, type LifterTable, type Lifting } from './lifting.ts';

const targetOf = (l: Lifting, operand: Operand): Target | undefined => {
  if (operand.kind === 'branch') return operand.target;
  if ((operand.kind === 'reg' || operand.kind === 'mem') && operand.size === 8) return l.read(operand);
  return undefined;
};

const liftJmp = (l: Lifting, insn: Instruction): boolean => {
  const target = targetOf(l, insn.operands[0]!);
  if (target === undefined) return false;
  l.flow = { f: 'jump', target };
  return true;
};
const liftCall = (l: Lifting, insn: Instruction): boolean => {
  const target = targetOf(l, insn.operands[0]!);
  if (target === undefined) return false;
  l.flow = { f: 'call', target };
  return true;
};
const branchTarget = (insn: Instruction): number => {
  const operand = insn.operands[0]!;
  return operand.kind === 'branch' ? operand.target : insn.pc;
};
const liftJcc = (l: Lifting, insn: Instruction): void => { l.flow = { f: 'branch', cond: condition(insn.opcode), taken: branchTarget(insn) }; };

const liftRet = (l: Lifting, insn: Instruction): void => {
  const operand = insn.operands[0];
  l.flow = { f: 'ret', popBytes: operand?.kind === 'imm' ? Number(operand.value) : 0 };
};

/** rcx, or ecx under prefix 67. */
const counter = (insn: Instruction): Expr => (insn.addressSize === 4 ? wrap(reg(RCX)) : reg(RCX));
const liftJrcxz = (l: Lifting, insn: Instruction): void => { l.flow = { f: 'branch', cond: eqz(counter(insn)), taken: branchTarget(insn) }; };

/** loop, loope, loopne: the counter changes, the flags do not. */
const liftLoop = (extra: Expr | undefined) => (l: Lifting, insn: Instruction): void => {
  const less = add(reg(RCX), c64(-1));
  l.emit(setReg(RCX, insn.addressSize === 4 ? extendU(wrap(less)) : less));
  const isLeft = ne(counter(insn), insn.addressSize === 4 ? wrap(c64(0)) : c64(0));
  l.flow = { f: 'branch', cond: extra ? and(isLeft, extra) : isLeft, taken: branchTarget(insn) };
};

const trap = (kind: 'ud' | 'int3' | 'int' | 'hlt', vector: number) => (l: Lifting, insn: Instruction): void => {
  l.flow = { f: 'trap', kind, vector, name: insn.mnemonic };
};
const liftInt = (l: Lifting, insn: Instruction): void => {
  const operand = insn.operands[0]!;
  l.flow = { f: 'trap', kind: 'int', vector: operand.kind === 'imm' ? Number(operand.value) : 0, name: 'int' };
};

export const control: LifterTable = {
  jmp: liftJmp,
  call: liftCall,
  ret: liftRet,
  jrcxz: liftJrcxz,
  loop: liftLoop(undefined),
  loope: liftLoop(pred('z')),
  loopne: liftLoop(eqz(pred('z'))),
  int: liftInt,
  int1: trap('int', 1),
  int3: trap('int3', 3),
  hlt: trap('hlt', 0),
  mwait: trap('hlt', 0),
  ud0: trap('ud', 6),
  ud1: trap('ud', 6),
  ud2: trap('ud', 6),
  [BAD]: trap('ud', 6),
  ...Object.fromEntries(CONDITION_NAMES.map((name) => [`j${name}`, liftJcc])),
};
