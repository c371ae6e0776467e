// Addition, subtraction, comparison and logic.

import { add, and, binary, c32, c64, eq, eqz, extendU, load, or, pred, reg, select, setPred, setReg, shrU, store, sub, trapif, wrap, xor } from '../ir/build.ts';
import { type BinaryOp, type Expr, RAX, RBX, RCX, RDX } from '../ir/ir.ts';
import type { Instruction, MemoryOperand, Operand, RegisterOperand } from './instruction.ts';
import { clean, constOf, type LifterTable, type Lifting, type Size, zero } from './lifting.ts';

const sizeOf = (operand: Operand): Size => (operand as RegisterOperand).size;
const isSameRegister = (a: Operand, b: Operand): boolean => a.kind === 'reg' && b.kind === 'reg' && a.reg === b.reg && a.isHigh === b.isHigh;

/** add and sub; `writes` is false for cmp. */
const liftSum = (kind: 'add' | 'sub', writes: boolean) => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const size = sizeOf(dest);
  if (kind === 'sub' && isSameRegister(dest, src)) {
    l.flags('logic', size, zero(size));
    if (writes) l.write(dest, zero(size));
    return;
  }
  if (writes) l.fixAddress(dest);
  const a = l.operand(l.read(dest)), b = l.operand(l.readAs(size, src));
  const r = l.hold(clean(size, binary(kind, a, b)));
  finish(l, dest, r, writes, () => l.flags(kind, size, r, a, b));
};

/** Memory is written before the flags, registers after: flags statements read registers as they were. */
const finish = (l: Lifting, dest: Operand, r: Expr, writes: boolean, setFlags: () => void): void => {
  if (writes && dest.kind === 'mem') l.write(dest, r);
  setFlags();
  if (writes && dest.kind !== 'mem') l.write(dest, r);
};

const liftWithCarry = (kind: 'adc' | 'sbb') => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const size = sizeOf(dest);
  l.fixAddress(dest);
  const carry = l.hold(pred('b'));
  const a = l.operand(l.read(dest)), b = l.operand(l.readAs(size, src));
  const op: BinaryOp = kind === 'adc' ? 'add' : 'sub';
  const r = l.hold(clean(size, binary(op, binary(op, a, b), size === 8 ? extendU(carry) : carry)));
  finish(l, dest, r, true, () => l.flags(kind, size, r, a, b, carry));
};

const liftLogic = (op: 'and' | 'or' | 'xor', writes: boolean) => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const size = sizeOf(dest);
  if (writes) l.fixAddress(dest);
  let value: Expr;
  if (isSameRegister(dest, src)) value = op === 'xor' ? zero(size) : l.read(dest);
  else value = binary(op, l.read(dest), l.readAs(size, src));
  const r = l.hold(value);
  finish(l, dest, r, writes, () => l.flags('logic', size, r));
};

const liftStep = (kind: 'inc' | 'dec') => (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0]!;
  const size = sizeOf(dest);
  l.fixAddress(dest);
  const a = l.operand(l.read(dest));
  const r = l.hold(clean(size, add(a, constOf(size, kind === 'inc' ? 1 : -1))));
  finish(l, dest, r, true, () => l.flags(kind, size, r, a, constOf(size, 1)));
};

const liftNeg = (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0]!;
  const size = sizeOf(dest);
  l.fixAddress(dest);
  const b = l.operand(l.read(dest));
  const r = l.hold(clean(size, sub(zero(size), b)));
  finish(l, dest, r, true, () => l.flags('sub', size, r, zero(size), b));
};

const liftNot = (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0]!;
  const size = sizeOf(dest);
  l.fixAddress(dest);
  l.write(dest, clean(size, xor(l.read(dest), constOf(size, -1))));
};

const liftXadd = (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const size = sizeOf(src);
  l.fixAddress(dest);
  const a = l.hold(l.read(dest)), b = l.hold(l.read(src));
  const r = l.hold(clean(size, add(a, b)));
  if (dest.kind === 'mem') l.write(dest, r);
  l.flags('add', size, r, a, b);
  l.write(src, a);
  // For `xadd eax, eax` the sum wins.
  if (dest.kind === 'reg') l.write(dest, r);
};

const liftCmpxchg = (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  const size = sizeOf(src);
  l.fixAddress(dest);
  const accumulator = l.hold(l.readGpr(RAX, size));
  const old = l.hold(l.read(dest));
  const isEqual = l.hold(eq(accumulator, old));
  const r = l.hold(clean(size, sub(accumulator, old)));
  const value = select(isEqual, l.read(src), old);
  // The processor writes memory even when the comparison fails.
  if (dest.kind === 'mem') l.write(dest, value);
  const held = dest.kind === 'reg' ? l.hold(size === 4 ? extendU(value) : value) : undefined;
  l.flags('sub', size, r, accumulator, old);
  const wide = size === 8 ? old : extendU(old);
  if (size >= 4) l.emit(setReg(RAX, select(isEqual, reg(RAX), wide)));
  else l.writeRegister(RAX, size, select(isEqual, accumulator, old));
  // A register that fails the comparison keeps even its upper half. When it is rax itself, it compares equal.
  if (dest.kind === 'reg' && size >= 4) l.emit(setReg(dest.reg, select(isEqual, held!, reg(dest.reg))));
  else if (dest.kind === 'reg') l.write(dest, held!);
};

const liftCmpxchg8b = (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0] as MemoryOperand;
  l.fixAddress(dest);
  const old = l.hold(l.readMemory(dest));
  const low = (n: number): Expr => and(reg(n), c64(0xffffffff));
  const pair = (high: number, lowReg: number): Expr => or(binary('shl', reg(high), c64(32)), low(lowReg));
  const isEqual = l.hold(eq(old, pair(RDX, RAX)));
  l.write(dest, select(isEqual, pair(RCX, RBX), old));
  l.flags('zero', 8, c64(0), c64(0), c64(0), isEqual);
  l.emit(setReg(RAX, select(isEqual, reg(RAX), and(old, c64(0xffffffff)))));
  l.emit(setReg(RDX, select(isEqual, reg(RDX), shrU(old, c64(32)))));
};

const liftCmpxchg16b = (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0] as MemoryOperand;
  const low = l.operand(l.address(dest)), high = add(low, c64(8));
  l.emit(trapif(13, and(wrap(low), c32(15))));
  const oldLow = l.hold(load('i64', 8, low)), oldHigh = l.hold(load('i64', 8, high));
  const isEqual = l.hold(and(eq(oldLow, reg(RAX)), eq(oldHigh, reg(RDX))));
  // Sixteen aligned bytes: when the first store succeeds, so does the second.
  l.emit(store(8, low, select(isEqual, reg(RBX), oldLow)));
  l.emit(store(8, high, select(isEqual, reg(RCX), oldHigh)));
  l.flags('zero', 8, c64(0), c64(0), c64(0), isEqual);
  l.emit(setReg(RAX, select(isEqual, reg(RAX), oldLow)));
  l.emit(setReg(RDX, select(isEqual, reg(RDX), oldHigh)));
};

/** adcx adds with and changes only B, adox only O. */
const liftSingleFlagAdd = (flag: 'b' | 'o') => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  const carryIn = extendU(pred(flag));
  let r: Expr, carry: Expr;
  if (dest.size === 4) {
    const sum = l.hold(add(add(l.readZero64(dest), l.readZero64(src)), carryIn));
    r = wrap(sum);
    carry = wrap(shrU(sum, c64(32)));
  } else {
    const a = l.hold(l.read(dest)), b = l.hold(l.read(src));
    r = l.hold(add(add(a, b), carryIn));
    carry = wrap(shrU(or(and(a, b), and(or(a, b), xor(r, c64(-1)))), c64(63)));
  }
  carry = l.hold(carry);
  l.emit(setPred(flag, carry));
  if (flag === 'b') l.emit(setPred('be', or(pred('b'), pred('z'))));
  else {
    l.emit(setPred('l', xor(pred('s'), pred('o'))));
    l.emit(setPred('le', or(pred('z'), pred('l'))));
  }
  l.write(dest, r);
};

/** clc, stc, cmc. */
const liftCarry = (value: () => Expr) => (l: Lifting): void => l.flags('bit', 4, c32(0), c32(0), c32(0), l.hold(value()));

const RFLAGS_FIXED = 2;
const liftLahf = (l: Lifting): void => {
  const bit = (name: 's' | 'z' | 'a' | 'p' | 'b', n: number): Expr => binary('shl', pred(name), c32(n));
  const image = or(or(or(bit('s', 7), bit('z', 6)), or(bit('a', 4), bit('p', 2))), or(pred('b'), c32(RFLAGS_FIXED)));
  l.writeRegister(RAX, 1, image, true);
};
/** sahf keeps O. */
const liftSahf = (l: Lifting): void => {
  const ah = and(shrU(wrap(reg(RAX)), c32(8)), c32(0xd5));
  l.flags('word', 4, l.hold(or(ah, binary('shl', pred('o'), c32(11)))));
};

export const arithmetic: LifterTable = {
  add: liftSum('add', true),
  sub: liftSum('sub', true),
  cmp: liftSum('sub', false),
  adc: liftWithCarry('adc'),
  sbb: liftWithCarry('sbb'),
  and: liftLogic('and', true),
  or: liftLogic('or', true),
  xor: liftLogic('xor', true),
  test: liftLogic('and', false),
  inc: liftStep('inc'),
  dec: liftStep('dec'),
  neg: liftNeg,
  not: liftNot,
  xadd: liftXadd,
  cmpxchg: liftCmpxchg,
  cmpxchg8b: liftCmpxchg8b,
  cmpxchg16b: liftCmpxchg16b,
  adcx: liftSingleFlagAdd('b'),
  adox: liftSingleFlagAdd('o'),
  clc: liftCarry(() => c32(0)),
  stc: liftCarry(() => c32(1)),
  cmc: liftCarry(() => eqz(pred('b'))),
  lahf: liftLahf,
  sahf: liftSahf,
};
