// Random guest functions for comparing the engines: arbitrary control flow (reducible or not), arithmetic with flags, memory through
// pointers that are mostly good, calls between them. They keep to the System V convention and never read what a call leaves
// undefined, so both engines must agree on everything a program can see.

import { add, and, binary, c32, c64, eqz, extendS, extendU, load, load64, or, pred, reg, select, setReg, setTmp, shl, store, tmp, trapif, unary, wrap } from '../../src/ir/build.ts';
import { PREDICATES, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, type BinaryOp, type Expr, type FlagsKind, type Stmt } from '../../src/ir/ir.ts';
import type { FunctionSketch } from '../../src/ir/sketch.ts';

/** Xorshift: the same numbers everywhere. */
export class Random {
  #state: number;
  constructor(seed: number) { this.#state = (seed * 2654435761 + 88675123) | 0 || 1; }
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
  below(limit: number): number { return this.next() % limit; }
  chance(percent: number): boolean { return this.below(100) < percent; }
  pick<T>(list: readonly T[]): T { return list[this.below(list.length)]!; }
  constant(): number | bigint {
    switch (this.below(5)) {
      case 0: return this.below(256) - 128;
      case 1: return this.next() | 0;
      case 2: return (BigInt(this.next()) << 32n) | BigInt(this.next());
      case 3: return this.pick([0, 1, -1, 0x7fffffff, -0x80000000, 0xffffffff, 255, 0x8000]);
      default: return this.below(64);
    }
  }
}

export interface Surroundings {
  /** Memory that functions work on: this many bytes from here, below 2 GiB of kernel space. */
  readonly data: number;
  readonly dataSize: number;
  /** Address of a 32-bit counter of backward jumps that may still be taken. */
  readonly fuel: number;
  /** Functions that may be called directly or by address. */
  readonly callees: readonly number[];
}

type Size = 1 | 2 | 4 | 8;
const SIZES: readonly Size[] = [1, 2, 4, 8];
/** rsp stays the stack pointer, rbx and r13 mostly point into the data. */
const VALUES = [RAX, RCX, RDX, RBP, RSI, RDI, 8, 9, 10, 11, 12, 14, 15];
const POINTERS = [RBX, 13];
const SAVED = [RBX, RBP, 12, 13, 14, 15];
const ARGUMENTS = [RDI, RSI, RDX, RCX, 8, 9];

export function writeRandomFunction(f: FunctionSketch, random: Random, around: Surroundings): FunctionSketch {
  return new Writer(f, random, around).write();
}

class Writer {
  readonly #f: FunctionSketch;
  readonly #random: Random;
  readonly #around: Surroundings;

  constructor(f: FunctionSketch, random: Random, around: Surroundings) {
    this.#f = f;
    this.#random = random;
    this.#around = around;
  }

  write(): FunctionSketch {
    const random = this.#random;
    // Aligning rsp makes its place unknown: rbp keeps it then.
    const isAligned = random.chance(20);
    const saved = SAVED.filter((r) => POINTERS.includes(r) || (r === RBP && isAligned) || random.chance(70));
    const values = VALUES.filter((r) => (!SAVED.includes(r) || saved.includes(r)) && !(r === RBP && isAligned));
    for (const r of saved) this.#f.push(r);
    if (isAligned) this.#f.set(RBP, reg(RSP)).set(RSP, and(reg(RSP), c64(-32)));
    const frame = 8 * random.below(4);
    if (frame > 0) this.#f.set(RSP, add(reg(RSP), c64(-frame)));
    // What a function saved there before is not the same in both engines.
    for (let at = 0; at < frame; at += 8) this.#f.insn(store(8, add(reg(RSP), c64(at)), c64(at)));
    for (const r of values) if (!ARGUMENTS.includes(r)) this.#f.set(r, c64(random.constant()));
    this.#pointers();
    this.#compare(values);
    const nrBlocks = 2 + random.below(9);
    for (let block = 0; block < nrBlocks; block++) {
      this.#f.label(`b${block}`);
      for (let i = random.below(6); i > 0; i--) this.#instruction(values, frame);
      this.#transfer(block, nrBlocks, values);
    }
    this.#f.label('end');
    // Everything that a caller cannot see otherwise.
    for (const r of values) if (r !== RAX) this.#f.set(RAX, add(binary('rotl', reg(RAX), c64(7)), reg(r)));
    if (isAligned) this.#f.set(RSP, reg(RBP));
    else if (frame > 0) this.#f.set(RSP, add(reg(RSP), c64(frame)));
    const leavesByTail = this.#around.callees.length > 0 && random.chance(20);
    if (leavesByTail) for (const r of [RDI, RSI]) this.#f.set(r, add(reg(RAX), c64(random.below(1000))));
    for (const r of [...saved].reverse()) this.#f.pop(r);
    if (!leavesByTail) return this.#f.ret();
    const callee = random.pick(this.#around.callees);
    if (random.chance(70)) return this.#f.tail(callee);
    return this.#f.set(RAX, c64(callee)).tail(reg(RAX));
  }

  #pointers(): void {
    const { data, dataSize } = this.#around;
    for (const r of POINTERS) this.#f.set(r, c64(data + 8 * this.#random.below(dataSize / 16) + 64));
  }
  #compare(values: readonly number[]): void {
    const a = this.#random.pick(values), b = this.#random.pick(values);
    this.#f.insn(setTmp(0, binary('sub', reg(a), reg(b))), { s: 'flags', kind: 'sub', size: 8, a: reg(a), b: reg(b), c: c32(0), r: tmp('i64', 0) });
  }

  #transfer(block: number, nrBlocks: number, values: readonly number[]): void {
    const random = this.#random;
    if (random.chance(25) && this.#around.callees.length > 0) this.#call(values);
    if (random.chance(75)) {
      const target = random.below(nrBlocks + 1);
      if (target > block) this.#f.branch(this.#condition(), target === nrBlocks ? 'end' : `b${target}`);
      else this.#back(`b${target}`);
    } else if (random.chance(30)) {
      const target = block + 1 + random.below(nrBlocks - block);
      this.#f.jump(target === nrBlocks ? 'end' : `b${target}`);
      this.#f.label(`after${block}`);
    }
  }
  /** A jump backward, taken while there is fuel and a condition holds. */
  #back(label: string): void {
    const fuel = c64(this.#around.fuel);
    this.#f.insn(setTmp(0, load('i32', 4, fuel)), store(4, fuel, binary('sub', tmp('i32', 0), c32(1))));
    const left = binary('gt_s', load('i32', 4, fuel), c32(0));
    this.#f.branch(this.#random.chance(50) ? left : and(left, this.#condition()), label);
  }
  #call(values: readonly number[]): void {
    const random = this.#random;
    const callee = random.pick(this.#around.callees);
    if (random.chance(30)) {
      this.#f.set(RAX, c64(callee));
      this.#f.call(reg(RAX));
    } else this.#f.call(callee);
    // What a call leaves undefined.
    for (const r of [RCX, RSI, RDI, 8, 9, 10, 11]) this.#f.set(r, c64(random.constant()));
    this.#f.set(RDX, c64(random.constant()));
    this.#compare(values);
  }
  #condition(): Expr {
    const p = pred(this.#random.pick(PREDICATES));
    return this.#random.chance(50) ? p : eqz(p);
  }

  #instruction(values: readonly number[], frame: number): void {
    const random = this.#random;
    const dest = random.pick(values), source = random.pick(values);
    switch (random.below(16)) {
      case 0: case 1: case 2: this.#arithmetic(dest, source); return;
      case 3: this.#f.set(dest, c64(random.constant())); return;
      case 4: this.#shift(dest, source); return;
      case 5: case 6: {
        const size = random.pick(SIZES);
        this.#f.insn(setReg(dest, size === 8 ? load64(this.#address(source)) : extended(random, load('i32', size, this.#address(source), random.chance(50)))));
        return;
      }
      case 7: case 8: {
        const size = random.pick(SIZES);
        this.#f.insn(store(size, this.#address(dest), size === 8 ? reg(source) : wrap(reg(source))));
        return;
      }
      case 9: this.#change(source); return;
      case 10: this.#f.set(dest, select(this.#condition(), reg(source), reg(dest))); return;
      case 11: this.#f.set(dest, or(and(reg(dest), c64(-256)), extendU(this.#condition()))); return;
      case 12: this.#product(dest, source); return;
      case 13: this.#string(); return;
      case 14: {
        if (frame === 0 || random.chance(30)) this.#f.push(source).pop(dest);
        else if (random.chance(50)) this.#f.insn(store(8, add(reg(RSP), c64(8 * random.below(frame / 8))), reg(source)));
        else this.#f.insn(setReg(dest, load64(add(reg(RSP), c64(8 * random.below(frame / 8))))));
        return;
      }
      default: {
        const pointer = random.pick(POINTERS);
        if (random.chance(60)) this.#f.set(pointer, add(reg(pointer), c64(8 * random.below(9) - 32)));
        else this.#pointers();
      }
    }
  }

  /** Mostly inside the data. */
  #address(index: number): Expr {
    const random = this.#random;
    const { data, dataSize } = this.#around;
    if (random.chance(1)) return reg(index);
    const masked = and(reg(index), c64(dataSize / 16 - 8));
    switch (random.below(6)) {
      case 0: return add(c64(data + 8 * random.below(64)), c64(0));
      case 1: return add(shl(masked, c64(random.below(3))), c64(data));
      case 2: return add(add(reg(random.pick(POINTERS)), masked), c64(random.below(64)));
      default: return add(reg(random.pick(POINTERS)), c64(random.below(128) - 64));
    }
  }

  #arithmetic(dest: number, source: number): void {
    const random = this.#random;
    const size = random.pick(SIZES);
    const kind = random.pick(['add', 'sub', 'logic', 'inc', 'adc', 'sbb'] as const);
    const type = size === 8 ? 'i64' : 'i32';
    const read = (r: number): Expr => (size === 8 ? reg(r) : cut(size, wrap(reg(r))));
    const a = tmp(type, 0), b = tmp(type, 1), r = tmp(type, 2), carry = tmp('i32', 3);
    const op: BinaryOp = kind === 'add' || kind === 'inc' || kind === 'adc' ? 'add' : kind === 'logic' ? random.pick(['and', 'or', 'xor'] as const) : 'sub';
    const right = kind === 'inc' ? (size === 8 ? c64(1) : c32(1)) : b;
    let value = binary(op, a, right);
    const usesCarry = kind === 'adc' || kind === 'sbb';
    if (usesCarry) value = binary(op, value, size === 8 ? extendU(carry) : carry);
    const stmts: Stmt[] = [setTmp(0, read(dest)), setTmp(1, random.chance(60) ? read(source) : size === 8 ? c64(random.constant()) : cut(size, c32(random.next())))];
    if (usesCarry) stmts.push(setTmp(3, pred('b')));
    stmts.push(setTmp(2, size === 8 ? value : cut(size, value)));
    const flags: Stmt = { s: 'flags', kind: kind as FlagsKind, size, a, b: right, c: usesCarry ? carry : c32(0), r };
    this.#f.insn(...stmts, flags, setReg(dest, random.chance(15) ? reg(dest) : merge(dest, size, r)));
  }
  #shift(dest: number, source: number): void {
    const random = this.#random;
    const size = random.pick([4, 8] as const);
    const type = size === 8 ? 'i64' : 'i32';
    const kind = random.pick(['shl', 'shr', 'sar', 'rol', 'ror'] as const);
    const op = ({ shl: 'shl', shr: 'shr_u', sar: 'shr_s', rol: 'rotl', ror: 'rotr' } as const)[kind];
    const isConstant = random.chance(60);
    const amount = 1 + random.below(size * 8 - 1);
    const a = tmp(type, 0), r = tmp(type, 2);
    const count = isConstant ? (size === 8 ? c64(amount) : c32(amount)) : tmp(type, 1);
    const masked = size === 8 ? and(reg(source), c64(63)) : and(wrap(reg(source)), c32(31));
    this.#f.insn(setTmp(0, size === 8 ? reg(dest) : wrap(reg(dest))), ...(isConstant ? [] : [setTmp(1, masked)]), setTmp(2, binary(op, a, count)),
      { s: 'flags', kind, size, a, b: count, c: c32(0), r }, setReg(dest, merge(dest, size, r)));
  }
  /** A read-modify-write of memory. */
  #change(source: number): void {
    const size = this.#random.pick(SIZES);
    const type = size === 8 ? 'i64' : 'i32';
    const addr = this.#address(source);
    const value = size === 8 ? reg(source) : cut(size, wrap(reg(source)));
    const r = tmp(type, 2);
    this.#f.insn(setTmp(0, addr), setTmp(1, load(type, size, tmp('i64', 0))), setTmp(3, value), setTmp(2, size === 8 ? add(tmp(type, 1), tmp(type, 3)) : cut(size, add(tmp(type, 1), tmp(type, 3)))),
      store(size, tmp('i64', 0), r), { s: 'flags', kind: 'add', size, a: tmp(type, 1), b: tmp(type, 3), c: c32(0), r });
  }
  #product(dest: number, source: number): void {
    const random = this.#random;
    switch (random.below(5)) {
      case 0: this.#f.set(dest, binary('mul', reg(dest), reg(source))); return;
      case 1: this.#f.set(dest, binary(random.pick(['mulhi_u', 'mulhi_s'] as const), reg(dest), reg(source))); return;
      case 2: this.#f.set(dest, unary(random.pick(['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s', 'extend32_s'] as const), reg(source))); return;
      default: {
        const op = random.pick(['div_u', 'rem_u'] as const);
        // Mostly not zero.
        const divisor = random.chance(97) ? or(reg(source), c64(1)) : reg(source);
        this.#f.insn(setTmp(0, divisor), trapif(0, eqz(tmp('i64', 0))), setReg(dest, binary(op, reg(dest), tmp('i64', 0))));
      }
    }
  }
  #string(): void {
    const random = this.#random;
    const { data, dataSize } = this.#around;
    const place = (): Expr => c64(data + 8 * random.below(dataSize / 16));
    const kind = random.pick(['stos', 'movs', 'lods'] as const);
    const rep = kind !== 'lods' && random.chance(70);
    this.#f.set(RDI, place());
    this.#f.set(RSI, random.chance(30) ? add(reg(RDI), c64(random.below(64) - 32)) : place());
    if (rep) this.#f.set(RCX, c64(random.chance(80) ? random.below(50) : random.below(400)));
    if (random.chance(50)) this.#f.set(RAX, c64(random.pick([0, 0x4141414141414141n, 0x42424242, 0x4343])));
    this.#f.insn({ s: 'string', kind, size: random.pick(SIZES), rep: rep ? 'rep' : 'none' });
  }
}

const cut = (size: Size, e: Expr): Expr => (size === 1 ? and(e, c32(255)) : size === 2 ? and(e, c32(65535)) : e);
const extended = (random: Random, e: Expr): Expr => (random.chance(50) ? extendU(e) : extendS(e));
const merge = (dest: number, size: Size, value: Expr): Expr =>
  size === 8 ? value : size === 4 ? extendU(value) : or(and(reg(dest), c64(size === 1 ? -0x100 : -0x10000)), extendU(value));
