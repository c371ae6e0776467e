// Data movement: mov and its extensions, stack, exchange, conditional moves, byte order, address computation.

import { add, and, binary, c32, c64, extendU, load, or, reg, select, setReg, shl, shrU, store, unary, wrap } from '../ir/build.ts';
import { type Expr, RAX, RBP, RBX, RDX, RSP } from '../ir/ir.ts';
import type { Instruction, Operand, RegisterOperand, SpecialOperand } from './instruction.ts';
import { clean, condition, type LifterTable, type Lifting, maskOf, registerArgument, signed, type Size } from './lifting.ts';

const liftMov = (l: Lifting, insn: Instruction): boolean => {
  const [dest, src] = insn.operands as [Operand, Operand];
  if (dest.kind === 'special' || src.kind === 'special') return liftSpecialMov(l, dest, src);
  if (dest.kind === 'reg' && dest.size >= 4 && src.kind !== 'reg') {
    // Straight into the 64-bit register: a 32-bit load zero-extends by itself.
    if (src.kind === 'imm') l.emit(setReg(dest.reg, dest.size === 8 ? c64(src.value) : c64(Number(src.value) >>> 0)));
    else l.emit(setReg(dest.reg, l.readZero64(src)));
    return true;
  }
  const size = (dest as RegisterOperand).size;
  // A store cuts the value itself.
  if (dest.kind === 'mem' && src.kind === 'reg' && !src.isHigh && size !== 8) l.emit(store(size, l.address(dest), wrap(reg(src.reg))));
  else l.write(dest, l.readAs(size, src));
  return true;
};

/** Segment, control and debug registers belong to the virtual CPU. */
const liftSpecialMov = (l: Lifting, dest: Operand, src: Operand): boolean => {
  if (src.kind === 'special') {
    const size = dest.kind === 'reg' ? dest.size : 2;
    l.intrinsic(`read_${src.file}`, [src.reg, registerArgument(dest), size], maskOf(dest), maskOf(dest), dest);
  } else {
    const file = (dest as SpecialOperand).file;
    l.intrinsic(`write_${file}`, [(dest as SpecialOperand).reg, registerArgument(src)], maskOf(src), 0, src);
  }
  return true;
};

/** movzx, movsx, movsxd. */
const liftExtend = (isSigned: boolean) => (l: Lifting, insn: Instruction) => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  if (dest.size === 8 && isSigned) return l.emit(setReg(dest.reg, l.readSigned64(src)));
  if (!isSigned && dest.size >= 4) return l.emit(setReg(dest.reg, l.readZero64(src)));
  const from = (src as RegisterOperand).size;
  if (src.kind === 'mem') return l.write(dest, clean(dest.size, load('i32', from, l.address(src), isSigned)));
  l.write(dest, clean(dest.size, isSigned ? signed(from, l.read(src)) : l.read(src)));
};

const liftPush = (l: Lifting, insn: Instruction): void => {
  const [src] = insn.operands as [Operand];
  const size = insn.size;
  const below = add(reg(RSP), c64(-size));
  if (src.kind === 'special') {
    l.intrinsicAt('push_segment', [src.reg, size], 0, 0, below);
    l.emit(setReg(RSP, below));
    return;
  }
  const value = src.kind === 'mem' ? l.hold(l.read(src)) : l.readAs(size, src);
  l.emit(store(size, below, value));
  l.emit(setReg(RSP, below));
};

const liftPop = (l: Lifting, insn: Instruction): void => {
  const [dest] = insn.operands as [Operand];
  const size = insn.size;
  const above = add(reg(RSP), c64(size));
  if (dest.kind === 'special') {
    l.intrinsicAt('pop_segment', [dest.reg, size], 0, 0, reg(RSP));
    l.emit(setReg(RSP, above));
    return;
  }
  const value = load(size === 8 ? 'i64' : 'i32', size, reg(RSP));
  if (dest.kind === 'reg' && dest.reg !== RSP) {
    l.write(dest, value);
    l.emit(setReg(RSP, above));
  } else if (dest.kind === 'reg') {
    const held = l.hold(value);
    if (size === 2) l.emit(setReg(RSP, above));
    l.write(dest, held);
  } else if (dest.kind === 'mem') {
    const held = l.hold(value);
    // An address based on rsp uses its value after the pop.
    l.emit(store(size, l.effectiveAddress(dest, size), held));
    l.emit(setReg(RSP, above));
  }
};

const liftXchg = (l: Lifting, insn: Instruction): void => {
  const [first, second] = insn.operands as [Operand, Operand];
  l.fixAddress(first);
  l.fixAddress(second);
  const a = l.hold(l.read(first)), b = l.hold(l.read(second));
  // The memory operand, if any, is the first (it is encoded in r/m).
  l.write(first, b);
  l.write(second, a);
};

const liftCmov = (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  l.write(dest, select(condition(insn.opcode), l.read(src), l.read(dest)));
};

const liftSetcc = (l: Lifting, insn: Instruction): void => l.write(insn.operands[0]!, condition(insn.opcode));

const liftLea = (l: Lifting, insn: Instruction): boolean => {
  const [dest, src] = insn.operands as [RegisterOperand, Operand];
  if (src.kind !== 'mem') return false;
  const offset = l.offset(src);
  l.write(dest, dest.size === 8 ? offset : clean(dest.size, wrap(offset)));
  return true;
};

export const byteSwap = (size: Size, value: Expr, hold: (value: Expr) => Expr): Expr => {
  if (size === 2) return or(and(shl(value, c32(8)), c32(0xff00)), and(shrU(value, c32(8)), c32(0xff)));
  if (size === 4) return or(and(binary('rotl', value, c32(8)), c32(0x00ff00ff)), and(binary('rotr', value, c32(8)), c32(0xff00ff00)));
  const bytes = c64(0x00ff00ff00ff00ffn), words = c64(0x0000ffff0000ffffn);
  const x = hold(or(shl(and(value, bytes), c64(8)), and(shrU(value, c64(8)), bytes)));
  const y = hold(or(shl(and(x, words), c64(16)), and(shrU(x, c64(16)), words)));
  return binary('rotl', y, c64(32));
};

const liftBswap = (l: Lifting, insn: Instruction) => {
  const dest = insn.operands[0] as RegisterOperand;
  // SDM: undefined for 16 bits; processors clear the word.
  if (dest.size === 2) return l.write(dest, c32(0));
  l.write(dest, byteSwap(dest.size, l.hold(l.read(dest)), (value) => l.hold(value)));
};

const liftMovbe = (l: Lifting, insn: Instruction): void => {
  const [dest, src] = insn.operands as [Operand, Operand];
  l.write(dest, byteSwap(insn.size, l.hold(l.read(src)), (value) => l.hold(value)));
};

/** cbw, cwde, cdqe: rax from its lower half. */
const liftWiden = (l: Lifting, insn: Instruction): void => {
  if (insn.size === 8) l.emit(setReg(RAX, unary('extend32_s', reg(RAX))));
  else l.writeRegister(RAX, insn.size, clean(insn.size, signed(insn.size === 4 ? 2 : 1, wrap(reg(RAX)))));
};

/** cwd, cdq, cqo: rdx filled with the sign of rax. */
const liftSignToRdx = (l: Lifting, insn: Instruction): void => {
  const value = insn.size === 8 ? binary('shr_s', reg(RAX), c64(63)) : binary('shr_s', signed(insn.size, wrap(reg(RAX))), c32(31));
  l.writeRegister(RDX, insn.size, clean(insn.size, value));
};

const liftXlat = (l: Lifting, insn: Instruction): boolean => {
  if (insn.addressSize === 4 && insn.segment !== 0) return false;
  const al = extendU(l.readGpr(RAX, 1));
  // The table lies at [rbx], segment and address size as of any memory operand.
  const base = l.effectiveAddress({ kind: 'mem', base: RBX, index: -1, scale: 1, disp: 0, isRipRelative: false, addressSize: 8, segment: insn.segment, size: 1 });
  const addr = insn.addressSize === 4 ? extendU(wrap(add(base, al))) : add(base, al);
  l.writeRegister(RAX, 1, load('i32', 1, addr));
  return true;
};

const liftLeave = (l: Lifting, insn: Instruction): void => {
  const size = insn.size;
  const saved = l.hold(load(size === 8 ? 'i64' : 'i32', size, reg(RBP)));
  l.emit(setReg(RSP, add(reg(RBP), c64(size))));
  l.writeRegister(RBP, size, saved);
};

const liftEnter = (l: Lifting, insn: Instruction): boolean => {
  const [bytes, depth] = insn.operands.map((o) => (o.kind === 'imm' ? Number(o.value) : 0)) as [number, number];
  const size = insn.size;
  if (size !== 8) return false;
  const levels = depth & 31;
  const frame = l.hold(add(reg(RSP), c64(-8)));
  l.emit(store(8, frame, reg(RBP)));
  for (let level = 1; level < levels; level++) {
    l.emit(store(8, add(reg(RSP), c64(-8 * (level + 1))), load('i64', 8, add(reg(RBP), c64(-8 * level)))));
  }
  if (levels > 0) l.emit(store(8, add(reg(RSP), c64(-8 * (levels + 1))), frame));
  l.emit(setReg(RBP, frame));
  l.emit(setReg(RSP, add(reg(RSP), c64(-8 * (levels + 1) - bytes))));
  return true;
};

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

export const moves: LifterTable = {
  mov: liftMov,
  movnti: liftMov,
  movdiri: liftMov,
  movzx: liftExtend(false),
  movsx: liftExtend(true),
  movsxd: liftExtend(true),
  push: liftPush,
  pop: liftPop,
  xchg: liftXchg,
  lea: liftLea,
  bswap: liftBswap,
  movbe: liftMovbe,
  cbw: liftWiden, cwde: liftWiden, cdqe: liftWiden,
  cwd: liftSignToRdx, cdq: liftSignToRdx, cqo: liftSignToRdx,
  xlat: liftXlat,
  leave: liftLeave,
  enter: liftEnter,
  ...Object.fromEntries(CONDITIONS.map((name) => [`cmov${name}`, liftCmov])),
  ...Object.fromEntries(CONDITIONS.map((name) => [`set${name}`, liftSetcc])),
};
