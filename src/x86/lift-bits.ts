// Bit tests, bit scans, counts and the BMI extensions.

import { add, and, binary, c32, c64, eqz, extendU, or, reg, select, setReg, shl, shrU, sub, unary, wrap, xor } from '../ir/build.ts';
import { type Expr, RDX } from '../ir/ir.ts';
import type { Instruction, Operand, RegisterOperand } from './instruction.ts';
import { constOf, FLAGS_MASK, type LifterTable, type Lifting, maskOf, registerArgument, type Size, zero } from './lifting.ts';

const sizeOf = (operand: Operand): Size => (operand as RegisterOperand).size;
const asType = (size: Size, value32: Expr): Expr => (size === 8 ? extendU(value32) : value32);
/** 1 when the value is zero, as i32. */
const isZero = (value: Expr): Expr => eqz(value);

const liftBitTest = (action: 'test' | 'set' | 'reset' | 'complement') => (l: Lifting, insn: Instruction): void => {
  const [dest, index] = insn.operands as [Operand, Operand];
  const size = sizeOf(dest);
  const bits = size * 8;
  let bit: Expr;
  if (index.kind === 'imm') {
    bit = constOf(size, Number(index.value) & (bits - 1));
    l.fixAddress(dest);
  } else {
    const offset = l.operand(l.read(index));
    bit = l.hold(and(offset, constOf(size, bits - 1)));
    if (dest.kind === 'mem') {
      // A register index reaches beyond the operand, in both directions, in steps of the operand size.
      const wide = l.readSigned64(index);
      const step = shl(binary('shr_s', wide, c64(Math.log2(bits))), c64(Math.log2(size)));
      l.setAddress(add(l.effectiveAddress(dest), step));
    }
  }
  const a = l.operand(l.read(dest));
  const tested = and(shrU(a, bit), constOf(size, 1));
  const carry = l.hold(size === 8 ? wrap(tested) : tested);
  const one = shl(constOf(size, 1), bit);
  let r: Expr | undefined;
  if (action === 'set') r = l.hold(or(a, one));
  else if (action === 'reset') r = l.hold(and(a, xor(one, constOf(size, -1))));
  else if (action === 'complement') r = l.hold(xor(a, one));
  if (r && dest.kind === 'mem') l.write(dest, r);
  l.flags('bit', size, zero(size), zero(size), zero(size), carry);
  if (r && dest.kind === 'reg') l.write(dest, r);
};

/** bsf, bsr: the destination keeps its value when the source is zero. */
const liftScan = (isReverse: boolean) => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  const size = dest.size;
  const a = l.operand(l.read(src));
  const isSourceZero = l.hold(isZero(a));
  const top = size === 8 ? 63 : 31;
  const found = isReverse ? sub(constOf(size, top), unary('clz', a)) : unary('ctz', a);
  if (size === 2) {
    const r = l.hold(select(isSourceZero, l.read(dest), found));
    l.flags('zero', size, r, a, c32(0), isSourceZero);
    l.write(dest, r);
    return;
  }
  // A 32-bit destination keeps all 64 bits.
  const r = l.hold(select(isSourceZero, reg(dest.reg), size === 8 ? found : extendU(found)));
  l.flags('zero', size, size === 8 ? r : l.hold(wrap(r)), a, zero(size), isSourceZero);
  l.emit(setReg(dest.reg, r));
};

const liftCount = (isLeading: boolean) => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  const size = dest.size;
  const a = l.operand(l.read(src));
  let value: Expr;
  if (isLeading) value = size === 2 ? sub(unary('clz', a), c32(16)) : unary('clz', a);
  else value = size === 2 ? unary('ctz', or(a, c32(0x10000))) : unary('ctz', a);
  const r = l.hold(value);
  l.flags('count', size, r, a, zero(size), l.hold(isZero(a)));
  l.write(dest, r);
};

/** Flags as an RFLAGS image: S, Z from the result, B as given, the others 0. */
const imageFlags = (l: Lifting, size: Size, r: Expr, carry: Expr): void => {
  const sign = size === 8 ? wrap(shrU(r, c64(63))) : and(shrU(r, c32(size * 8 - 1)), c32(1));
  l.flags('word', 4, l.hold(or(or(shl(isZero(r), c32(6)), shl(sign, c32(7))), carry)));
};

const liftPopcnt = (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  const r = l.hold(unary('popcnt', l.read(src)));
  l.flags('word', 4, l.hold(shl(isZero(r), c32(6))));
  l.write(dest, r);
};

// BMI1, BMI2

const liftAndn = (l: Lifting, insn: Instruction): void => {
  const [dest, inverted, src] = insn.operands as [RegisterOperand, RegisterOperand, Operand];
  const r = l.hold(and(xor(l.read(inverted), constOf(dest.size, -1)), l.read(src)));
  l.flags('logic', dest.size, r);
  l.write(dest, r);
};

/** blsr, blsmsk, blsi. */
const liftLowestBit = (kind: 'reset' | 'mask' | 'isolate') => (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  const size = dest.size;
  const a = l.hold(l.read(src));
  const below = sub(a, constOf(size, 1));
  const r = l.hold(kind === 'reset' ? and(a, below) : kind === 'mask' ? xor(a, below) : and(a, sub(zero(size), a)));
  imageFlags(l, size, r, kind === 'isolate' ? eqz(isZero(a)) : isZero(a));
  l.write(dest, r);
};

/** The lowest `count` bits set; count below the width. */
const lowBits = (size: Size, count: Expr): Expr => sub(shl(constOf(size, 1), asType(size, count)), constOf(size, 1));

const liftBextr = (l: Lifting, insn: Instruction): void => {
  const [dest, src, control] = insn.operands as [RegisterOperand, Operand, RegisterOperand];
  const size = dest.size;
  const bits = size * 8;
  const word = wrap(reg(control.reg));
  const start = l.hold(and(word, c32(0xff)));
  const length = l.hold(and(shrU(word, c32(8)), c32(0xff)));
  const a = l.hold(l.read(src));
  const moved = l.hold(select(binary('lt_u', start, c32(bits)), shrU(a, asType(size, start)), zero(size)));
  const r = l.hold(select(binary('lt_u', length, c32(bits)), and(moved, lowBits(size, length)), moved));
  imageFlags(l, size, r, c32(0));
  l.write(dest, r);
};

const liftBzhi = (l: Lifting, insn: Instruction): void => {
  const [dest, src, index] = insn.operands as [RegisterOperand, Operand, RegisterOperand];
  const size = dest.size;
  const n = l.hold(and(wrap(reg(index.reg)), c32(0xff)));
  const isBeyond = l.hold(binary('ge_u', n, c32(size * 8)));
  const a = l.hold(l.read(src));
  const r = l.hold(select(isBeyond, a, and(a, lowBits(size, n))));
  imageFlags(l, size, r, isBeyond);
  l.write(dest, r);
};

/** rorx, shlx, shrx, sarx: no flags. */
const liftFlagless = (op: 'rotr' | 'shl' | 'shr_u' | 'shr_s') => (l: Lifting, insn: Instruction): void => {
  const [dest, src, by] = insn.operands as [RegisterOperand, Operand, Operand];
  l.write(dest, binary(op, l.read(src), l.readAs(dest.size, by)));
};

const liftMulx = (l: Lifting, insn: Instruction): void => {
  const [high, low, src] = insn.operands as [RegisterOperand, RegisterOperand, Operand];
  let lowPart: Expr, highPart: Expr;
  if (high.size === 8) {
    const a = l.hold(l.read(src)), b = l.hold(reg(RDX));
    lowPart = l.hold(binary('mul', a, b));
    highPart = l.hold(binary('mulhi_u', a, b));
  } else {
    const product = l.hold(binary('mul', l.readZero64(src), extendU(wrap(reg(RDX)))));
    lowPart = wrap(product);
    highPart = wrap(shrU(product, c64(32)));
  }
  l.write(low, lowPart);
  // When both are the same register it holds the upper half.
  l.write(high, highPart);
};

const liftScatter = (name: 'pdep' | 'pext') => (l: Lifting, insn: Instruction): void => {
  const [dest, src, bitMask] = insn.operands as [RegisterOperand, RegisterOperand, Operand];
  l.intrinsic(name, [dest.size, dest.reg, src.reg, registerArgument(bitMask)], maskOf(src) | maskOf(bitMask), maskOf(dest), bitMask);
};

const liftCrc32 = (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  l.intrinsic('crc32', [sizeOf(src), dest.reg, registerArgument(src)], maskOf(dest) | maskOf(src), maskOf(dest), src);
};

const liftRandom = (name: 'rdrand' | 'rdseed') => (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0] as RegisterOperand;
  l.intrinsic(name, [dest.size, dest.reg], maskOf(dest), maskOf(dest) | FLAGS_MASK);
};

export const bits: LifterTable = {
  bt: liftBitTest('test'), bts: liftBitTest('set'), btr: liftBitTest('reset'), btc: liftBitTest('complement'),
  bsf: liftScan(false), bsr: liftScan(true),
  tzcnt: liftCount(false), lzcnt: liftCount(true), popcnt: liftPopcnt,
  andn: liftAndn, blsr: liftLowestBit('reset'), blsmsk: liftLowestBit('mask'), blsi: liftLowestBit('isolate'),
  bextr: liftBextr, bzhi: liftBzhi,
  rorx: liftFlagless('rotr'), shlx: liftFlagless('shl'), shrx: liftFlagless('shr_u'), sarx: liftFlagless('shr_s'),
  mulx: liftMulx, pdep: liftScatter('pdep'), pext: liftScatter('pext'), crc32: liftCrc32,
  rdrand: liftRandom('rdrand'), rdseed: liftRandom('rdseed'),
};
