// Multiplication and division.

import { and, binary, c32, c64, eq, extendS, extendU, ne, or, reg, setReg, shl, shrS, shrU, trapif, unary, wrap } from '../ir/build.ts';
import { type Expr, RAX, RDX } from '../ir/ir.ts';
import type { Instruction, Operand, RegisterOperand } from './instruction.ts';
import { clean, type LifterTable, type Lifting, mask, maskOf, registerArgument, signed, type Size } from './lifting.ts';

const DIVIDE_ERROR = 0;
const sizeOf = (operand: Operand): Size => (operand as RegisterOperand).size;
const LOW_32 = c64(0xffffffff);

/** rdx:rax = rax * operand (ax = al * operand for bytes). */
const liftWideMultiply = (isSigned: boolean) => (l: Lifting, insn: Instruction): void => {
  const src = insn.operands[0]!;
  const size = sizeOf(src);
  if (size === 8) {
    const a = l.hold(reg(RAX)), b = l.hold(l.read(src));
    const low = l.hold(binary('mul', a, b));
    const high = l.hold(binary(isSigned ? 'mulhi_s' : 'mulhi_u', a, b));
    const overflow = isSigned ? ne(high, shrS(low, c64(63))) : ne(high, c64(0));
    l.flags('mul', size, low, a, b, l.hold(overflow));
    l.emit(setReg(RAX, low));
    l.emit(setReg(RDX, high));
    return;
  }
  const accumulator: Operand = { kind: 'reg', reg: RAX, size, isHigh: false };
  const read = (operand: Operand): Expr => (isSigned ? l.readSigned64(operand) : l.readZero64(operand));
  const product = l.hold(binary('mul', read(accumulator), read(src)));
  const low = l.hold(clean(size, wrap(product)));
  const whole = isSigned ? extendS(signed(size, low)) : extendU(low);
  l.flags('mul', size, low, c32(0), c32(0), l.hold(ne(product, whole)));
  if (size === 1) l.writeRegister(RAX, 2, clean(2, wrap(product)));
  else {
    l.writeRegister(RAX, size, low);
    l.writeRegister(RDX, size, clean(size, wrap(shrU(product, c64(size * 8)))));
  }
};

/** imul with two or three operands: the product is cut to the operand size. */
const liftNarrowMultiply = (l: Lifting, insn: Instruction): void => {
  const dest = insn.operands[0] as RegisterOperand;
  const [left, right] = insn.operands.length === 3 ? [insn.operands[1]!, insn.operands[2]!] : [dest, insn.operands[1]!];
  const size = dest.size;
  const a = l.hold(l.readSigned64(left)), b = l.hold(l.readSigned64(right));
  const product = l.hold(binary('mul', a, b));
  if (size === 8) {
    l.flags('mul', size, product, a, b, l.hold(ne(binary('mulhi_s', a, b), shrS(product, c64(63)))));
    l.emit(setReg(dest.reg, product));
    return;
  }
  const r = l.hold(clean(size, wrap(product)));
  l.flags('mul', size, r, c32(0), c32(0), l.hold(ne(product, extendS(signed(size, r)))));
  l.write(dest, r);
};

const liftImul = (l: Lifting, insn: Instruction): void => (insn.operands.length === 1 ? liftWideMultiply(true)(l, insn) : liftNarrowMultiply(l, insn));

const liftDivide = (isSigned: boolean) => (l: Lifting, insn: Instruction) => {
  const src = insn.operands[0]!;
  const size = sizeOf(src);
  if (size === 8) return liftDivide64(l, src, isSigned);
  const bits = size * 8;
  const divisor = l.hold(isSigned ? l.readSigned64(src) : l.readZero64(src));
  const dividend = l.hold(dividendOf(l, size, isSigned));
  l.emit(trapif(DIVIDE_ERROR, unary('eqz', divisor)));
  // The one 64-bit quotient that overflows.
  if (isSigned && size === 4) l.emit(trapif(DIVIDE_ERROR, and(eq(divisor, c64(-1)), eq(dividend, c64(-(1n << 63n))))));
  const quotient = l.hold(binary(isSigned ? 'div_s' : 'div_u', dividend, divisor));
  const remainder = l.hold(binary(isSigned ? 'rem_s' : 'rem_u', dividend, divisor));
  if (isSigned) l.emit(trapif(DIVIDE_ERROR, ne(shrS(shl(quotient, c64(64 - bits)), c64(64 - bits)), quotient)));
  else l.emit(trapif(DIVIDE_ERROR, ne(shrU(quotient, c64(bits)), c64(0))));
  const low = clean(size, wrap(quotient)), rest = clean(size, wrap(remainder));
  if (size === 1) l.writeRegister(RAX, 2, or(low, binary('shl', rest, c32(8))));
  else {
    l.writeRegister(RAX, size, low);
    l.writeRegister(RDX, size, rest);
  }
};

/** The dividend of 8-, 16- and 32-bit divisions as an i64. */
const dividendOf = (l: Lifting, size: Size, isSigned: boolean): Expr => {
  if (size === 1) {
    const ax = l.readGpr(RAX, 2);
    return isSigned ? extendS(signed(2, ax)) : extendU(ax);
  }
  if (size === 2) {
    const pair = or(shl(l.readGpr(RDX, 2), c32(16)), l.readGpr(RAX, 2));
    return isSigned ? extendS(pair) : extendU(pair);
  }
  return or(shl(reg(RDX), c64(32)), and(reg(RAX), LOW_32));
};

/**
 * A 128-bit dividend needs an intrinsic, but compilers nearly always extend a 64-bit one right before; the block knows it.
 */
const liftDivide64 = (l: Lifting, src: Operand, isSigned: boolean): void => {
  const isPlain = isSigned ? l.rdx === 'sign of rax' : l.rdx === 'zero';
  if (!isPlain) {
    const registers = mask(RAX, RDX);
    l.intrinsic(isSigned ? 'idiv64' : 'div64', [registerArgument(src)], registers | maskOf(src), registers, src);
    return;
  }
  const divisor = l.hold(l.read(src));
  const dividend = l.hold(reg(RAX));
  l.emit(trapif(DIVIDE_ERROR, unary('eqz', divisor)));
  if (isSigned) l.emit(trapif(DIVIDE_ERROR, and(eq(divisor, c64(-1)), eq(dividend, c64(-(1n << 63n))))));
  const quotient = l.hold(binary(isSigned ? 'div_s' : 'div_u', dividend, divisor));
  const remainder = l.hold(binary(isSigned ? 'rem_s' : 'rem_u', dividend, divisor));
  l.emit(setReg(RAX, quotient));
  l.emit(setReg(RDX, remainder));
};

export const muldiv: LifterTable = { mul: liftWideMultiply(false), imul: liftImul, div: liftDivide(false), idiv: liftDivide(true) };
