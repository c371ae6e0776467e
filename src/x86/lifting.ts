// One instruction being turned into IR: its statements so far, its temporaries, and the reading and writing of operands. Values
// of operands are i32 for sizes 1, 2, 4 and i64 for 8, always zero-extended from the operand's size.
//
// Families keep the rule of restart (ir/ir.ts): everything that may fault comes before the first register or flags statement.

import { add, and, c32, c64, eqz, extendU, fsbase, gsbase, load, or, pred, reg, setReg, setTmp, shl, shrU, store, tmp, unary, wrap } from '../ir/build.ts';
import type { Expr, FlagsKind, Stmt, Target, Type } from '../ir/ir.ts';
import { FS, type Instruction, type MemoryOperand, type Operand, type RegisterOperand } from './instruction.ts';

export type Size = 1 | 2 | 4 | 8;

/** Where control goes after an instruction that ends a block; `lift-function.ts` makes a terminator of it. */
export type Flow =
  | { readonly f: 'jump'; readonly target: Target }
  | { readonly f: 'branch'; readonly cond: Expr; readonly taken: number }
  | { readonly f: 'call'; readonly target: Target }
  | { readonly f: 'ret'; readonly popBytes: number }
  | { readonly f: 'trap'; readonly kind: 'ud' | 'int3' | 'int' | 'hlt' | 'undecodable'; readonly vector: number; readonly name: string };

/** Turns an instruction into statements; false when this form of it has no translation. */
export type Lifter = (l: Lifting, insn: Instruction) => unknown;
export type LifterTable = Readonly<Record<string, Lifter>>;

/** What a block knows about rdx when it comes to a division: `xor edx,edx` or `cqo` went before. */
export type RdxFact = 'zero' | 'sign of rax' | undefined;

const ZERO32 = c32(0);
const ZERO64 = c64(0);
const NOT_8 = c64(~0xff);
const NOT_16 = c64(~0xffff);
const NOT_HIGH = c64(~0xff00);

export const typeOf = (size: Size): Type => (size === 8 ? 'i64' : 'i32');
export const zero = (size: Size): Expr => (size === 8 ? ZERO64 : ZERO32);
export const constOf = (size: Size, value: number | bigint): Expr => (size === 8 ? c64(value) : c32(Number(value)));

/** Cuts an i32 to 1 or 2 bytes. */
export const clean = (size: Size, value: Expr): Expr => (size === 1 ? and(value, c32(0xff)) : size === 2 ? and(value, c32(0xffff)) : value);
/** Sign-extends a value of `size` bytes within its own type (sizes 4 and 8 are whole). */
export const signed = (size: Size, value: Expr): Expr => (size === 1 ? unary('extend8_s', value) : size === 2 ? unary('extend16_s', value) : value);

export class Lifting {
  readonly insn: Instruction;
  readonly stmts: Stmt[] = [];
  flow: Flow | undefined;
  readonly rdx: RdxFact;
  private nrTmps = 0;
  /** Address of the memory operand once it was put into a temporary. */
  private fixedAddress: Expr | undefined;

  constructor(insn: Instruction, rdx: RdxFact) {
    this.insn = insn;
    this.rdx = rdx;
  }

  get next(): number { return this.insn.pc + this.insn.length; }

  emit(stmt: Stmt): void { this.stmts.push(stmt); }

  /** The value in a form that can be used again: itself when it is a constant or temporary. */
  hold(value: Expr): Expr {
    if (value.op === 'const' || value.op === 'tmp') return value;
    const n = this.nrTmps++;
    this.stmts.push(setTmp(n, value));
    return tmp(value.type, n);
  }
  /** As `hold`, but a bare register may stay one, as long as nothing has been written to it. */
  operand(value: Expr): Expr { return value.op === 'reg' ? value : this.hold(value); }

  flags(kind: FlagsKind, size: Size, r: Expr, a: Expr = ZERO32, b: Expr = ZERO32, c: Expr = ZERO32): void {
    this.stmts.push({ s: 'flags', kind, size, a, b, c, r });
  }

  // Operands

  read(operand: Operand): Expr {
    switch (operand.kind) {
      case 'reg': return this.readRegister(operand);
      case 'mem': return this.readMemory(operand);
      case 'imm': return constOf(operand.size as Size, operand.value);
      default: throw new Error(`operand of kind ${operand.kind} has no value`);
    }
  }
  /** An operand as part of an operation of `size` bytes: immediates are extended to it. */
  readAs(size: Size, operand: Operand): Expr {
    if (operand.kind !== 'imm') return this.read(operand);
    return clean(size, constOf(size, operand.value));
  }
  /** Sign-extended to i64, whatever its size. */
  readSigned64(operand: Operand): Expr {
    if (operand.kind === 'imm') return c64(operand.value);
    if (operand.kind === 'mem') return load('i64', operand.size as Size, this.address(operand), true);
    const value = this.read(operand);
    const size = (operand as RegisterOperand).size;
    if (size === 8) return value;
    return size === 4 ? unary('extend32_s', reg((operand as RegisterOperand).reg)) : unary('extend_s', signed(size, value));
  }
  /** Zero-extended to i64. */
  readZero64(operand: Operand): Expr {
    if (operand.kind === 'mem') return load('i64', operand.size as Size, this.address(operand));
    const value = this.read(operand);
    return value.type === 'i64' ? value : extendU(value);
  }

  readRegister(operand: RegisterOperand): Expr {
    const whole = reg(operand.reg);
    switch (operand.size) {
      case 8: return whole;
      case 4: return wrap(whole);
      case 2: return and(wrap(whole), c32(0xffff));
      default: return operand.isHigh ? and(shrU(wrap(whole), c32(8)), c32(0xff)) : and(wrap(whole), c32(0xff));
    }
  }
  readMemory(operand: MemoryOperand): Expr {
    const size = operand.size as Size;
    return load(typeOf(size), size, this.address(operand));
  }
  /** Low part of a general register, by number. */
  readGpr(number: number, size: Size): Expr {
    return this.readRegister({ kind: 'reg', reg: number, size, isHigh: false });
  }

  /** `value` must be zero-extended to the operand's size. */
  write(operand: Operand, value: Expr): void {
    if (operand.kind === 'mem') this.stmts.push(store(operand.size as Size, this.address(operand), value));
    else if (operand.kind === 'reg') this.writeRegister(operand.reg, operand.size, value, operand.isHigh);
    else throw new Error(`operand of kind ${operand.kind} cannot be written`);
  }
  writeRegister(number: number, size: Size, value: Expr, isHigh = false): void {
    this.stmts.push(setReg(number, merged(number, size, value, isHigh)));
  }

  address(operand: MemoryOperand): Expr { return this.fixedAddress ?? this.effectiveAddress(operand); }
  /** Before a read-modify-write: computes the operand's address once. */
  fixAddress(operand: Operand): void {
    if (operand.kind === 'mem') this.fixedAddress = this.operand(this.effectiveAddress(operand));
  }
  /** Replaces the operand's address (bit tests beyond the operand). */
  setAddress(address: Expr): void { this.fixedAddress = this.operand(address); }

  /** Offset within the segment: what `lea` computes. `rspBias` corrects rsp as a base (pop). */
  offset(operand: MemoryOperand, rspBias = 0): Expr {
    let sum: Expr | undefined = operand.base >= 0 ? reg(operand.base) : undefined;
    if (operand.index >= 0) {
      const scaled = operand.scale === 1 ? reg(operand.index) : shl(reg(operand.index), c64(Math.log2(operand.scale)));
      sum = sum ? add(sum, scaled) : scaled;
    }
    const disp = operand.disp + (operand.base === 4 ? rspBias : 0);
    // An absolute 64-bit address beyond 2^53 was rounded: it is not canonical either way.
    const constant = c64(Number.isSafeInteger(disp) ? disp : BigInt(disp));
    const whole = sum ? (disp === 0 ? sum : add(sum, constant)) : constant;
    return operand.addressSize === 4 ? extendU(wrap(whole)) : whole;
  }
  effectiveAddress(operand: MemoryOperand, rspBias = 0): Expr {
    const offset = this.offset(operand, rspBias);
    if (operand.segment === 0) return offset;
    return add(operand.segment === FS ? fsbase : gsbase, offset);
  }

  /** An intrinsic of `intrinsics.ts`; `memory` is its memory operand, if it has one. */
  intrinsic(name: string, args: readonly (number | bigint)[], reads: number, writes: number, memory?: Operand): void {
    this.intrinsicAt(name, args, reads, writes, memory?.kind === 'mem' ? this.address(memory) : null);
  }
  intrinsicAt(name: string, args: readonly (number | bigint)[], reads: number, writes: number, addr: Expr | null): void {
    this.stmts.push({ s: 'intrinsic', name, args, reads, writes, addr });
  }
}

/** The whole register after a part of it was written. */
const merged = (number: number, size: Size, value: Expr, isHigh: boolean): Expr => {
  switch (size) {
    case 8: return value;
    case 4: return extendU(value);
    case 2: return or(and(reg(number), NOT_16), extendU(value));
    default:
      return isHigh ? or(and(reg(number), NOT_HIGH), shl(extendU(value), c64(8))) : or(and(reg(number), NOT_8), extendU(value));
  }
};

const PREDICATE_OF_CONDITION = ['o', 'b', 'z', 'be', 's', 'p', 'l', 'le'] as const;
/** Condition code of jcc, setcc, cmovcc as an i32 of 0 or 1. */
export const condition = (code: number): Expr => {
  const holds = pred(PREDICATE_OF_CONDITION[code >> 1 & 7]!);
  return (code & 1) === 0 ? holds : eqz(holds);
};

/** Bit masks of registers for intrinsics. */
export const mask = (...registers: number[]): number => registers.reduce((sum, r) => sum | 1 << r, 0);
export const FLAGS_MASK = 1 << 16;
export const ALL_REGISTERS = 0xffff;

/** A register operand as an intrinsic's argument: number, +16 for a high byte; -1 for memory. */
export const registerArgument = (operand: Operand): number => (operand.kind === 'reg' ? operand.reg + (operand.isHigh ? 16 : 0) : -1);
/** Mask of the register operand (0 for memory). */
export const maskOf = (operand: Operand): number => (operand.kind === 'reg' ? 1 << operand.reg : 0);
