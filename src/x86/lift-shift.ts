// Shifts and rotates, single and double.

import { and, binary, c32, c64, eqz, extendU, or, pred, reg, select, shl, shrU, sub, wrap } from '../ir/build.ts';
import { type Expr, RCX } from '../ir/ir.ts';
import type { Instruction, Operand, RegisterOperand } from './instruction.ts';
import { clean, constOf, type LifterTable, type Lifting, signed, type Size } from './lifting.ts';

const sizeOf = (operand: Operand): Size => (operand as RegisterOperand).size;

/** The count modulo 32 (64), in the operand's type: a constant, or a temporary from cl. */
const countOf = (l: Lifting, size: Size, operand: Operand): Expr => {
  const limit = constOf(size, size === 8 ? 63 : 31);
  if (operand.kind === 'imm') return and(constOf(size, operand.value), limit);
  return l.hold(and(size === 8 ? reg(RCX) : wrap(reg(RCX)), limit));
};
const wide = (count: Expr): Expr => (count.type === 'i64' ? count : extendU(count));

type Shift = 'shl' | 'shr' | 'sar' | 'rol' | 'ror';

const shifted = (kind: Shift, size: Size, a: Expr, n: Expr): Expr => {
  switch (kind) {
    case 'shl': return clean(size, binary('shl', a, n));
    case 'shr': return binary('shr_u', a, n);
    case 'sar': return clean(size, binary('shr_s', signed(size, a), n));
    case 'rol': case 'ror': {
      if (size >= 4) return binary(kind === 'rol' ? 'rotl' : 'rotr', a, n);
      const bits = size * 8;
      const k = and(n, c32(bits - 1));
      const rest = sub(c32(bits), k);
      return clean(size, kind === 'rol' ? or(shl(a, k), shrU(a, rest)) : or(shrU(a, k), shl(a, rest)));
    }
  }
};

const liftShift = (kind: Shift) => (l: Lifting, insn: Instruction): void => {
  const [dest, by] = insn.operands as [Operand, Operand];
  const size = sizeOf(dest);
  const count = countOf(l, size, by);
  l.fixAddress(dest);
  const a = l.operand(l.read(dest));
  const r = l.hold(shifted(kind, size, a, count));
  finish(l, dest, r, count, () => l.flags(kind, size, r, a, count));
};

/** A constant count of zero leaves the flags alone, but still clears the upper half of a 32-bit register. */
const finish = (l: Lifting, dest: Operand, r: Expr, count: Expr, setFlags: () => void): void => {
  if (dest.kind === 'mem') l.write(dest, r);
  if (!(count.op === 'const' && count.value === 0)) setFlags();
  if (dest.kind !== 'mem') l.write(dest, r);
};

/** Rotates through carry: the operand and B form one word of size * 8 + 1 bits. */
const liftRotateCarry = (kind: 'rcl' | 'rcr') => (l: Lifting, insn: Instruction): void => {
  const [dest, by] = insn.operands as [Operand, Operand];
  const size = sizeOf(dest);
  const bits = size * 8;
  let count = countOf(l, size, by);
  if (size < 4) count = l.hold(binary('rem_u', count, c32(bits + 1)));
  l.fixAddress(dest);
  const a = l.operand(l.read(dest));
  const carry = l.hold(pred('b'));
  let r: Expr, newCarry: Expr;
  if (size === 8) {
    [r, newCarry] = kind === 'rcl' ? rotateLeft65(a, carry, count) : rotateRight65(a, carry, count);
  } else {
    const word = l.hold(or(extendU(a), shl(extendU(carry), c64(bits))));
    const n = wide(count), rest = sub(c64(bits + 1), n);
    const turned = l.hold(kind === 'rcl' ? or(shl(word, n), shrU(word, rest)) : or(shrU(word, n), shl(word, rest)));
    r = clean(size, wrap(turned));
    newCarry = and(wrap(shrU(turned, c64(bits))), c32(1));
  }
  const result = l.hold(r), carryOut = l.hold(newCarry);
  finish(l, dest, result, count, () => l.flags(kind, size, result, a, count, carryOut));
};

/** 65-bit rotates; shift counts are modulo 64, so a shift by 64 is made of two. */
const rotateLeft65 = (a: Expr, carry: Expr, n: Expr): [Expr, Expr] => {
  const inner = shl(extendU(carry), sub(n, c64(1)));
  const around = shrU(shrU(a, c64(1)), sub(c64(64), n));
  const isZero = eqz(n);
  return [select(isZero, a, or(or(shl(a, n), inner), around)), select(isZero, carry, and(wrap(shrU(a, sub(c64(64), n))), c32(1)))];
};
const rotateRight65 = (a: Expr, carry: Expr, n: Expr): [Expr, Expr] => {
  const inner = shl(extendU(carry), sub(c64(64), n));
  const around = shl(shl(a, c64(1)), sub(c64(64), n));
  const isZero = eqz(n);
  return [select(isZero, a, or(or(shrU(a, n), inner), around)), select(isZero, carry, and(wrap(shrU(a, sub(n, c64(1)))), c32(1)))];
};

const liftDouble = (kind: 'shld' | 'shrd') => (l: Lifting, insn: Instruction): void => {
  const [dest, src, by] = insn.operands as [Operand, Operand, Operand];
  const size = sizeOf(dest);
  const count = countOf(l, size, by);
  l.fixAddress(dest);
  const a = l.operand(l.read(dest)), b = l.operand(l.read(src));
  const r = l.hold(doubleShifted(kind, size, a, b, count));
  finish(l, dest, r, count, () => l.flags(kind, size, r, a, count));
};

const doubleShifted = (kind: 'shld' | 'shrd', size: Size, a: Expr, b: Expr, count: Expr): Expr => {
  const n = wide(count);
  if (size === 8) {
    const rest = sub(c64(63), n);
    return kind === 'shld' ? or(shl(a, n), shrU(shrU(b, c64(1)), rest)) : or(shrU(a, n), shl(shl(b, c64(1)), rest));
  }
  const bits = c64(size * 8);
  if (kind === 'shld') return clean(size, wrap(shrU(shl(or(shl(extendU(a), bits), extendU(b)), n), bits)));
  return clean(size, wrap(shrU(or(extendU(a), shl(extendU(b), bits)), n)));
};

export const shifts: LifterTable = {
  shl: liftShift('shl'), shr: liftShift('shr'), sar: liftShift('sar'), rol: liftShift('rol'), ror: liftShift('ror'),
  rcl: liftRotateCarry('rcl'), rcr: liftRotateCarry('rcr'),
  shld: liftDouble('shld'), shrd: liftDouble('shrd'),
};
