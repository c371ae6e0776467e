// String instructions. Stores and copies of runs that lie in RAM become a short loop or `memory.fill` / `memory.copy`; what is
// rarer (comparisons, ports, overlaps that repeat a pattern, ranges beyond RAM) is left to the interpreter. The direction flag
// is clear, as the kernel's ABI has it: functions with `std` are not translated.

import { add, c64, load, reg } from '../../ir/build.ts';
import { RAX, RCX, RDI, RSI, type Expr, type Stmt } from '../../ir/ir.ts';
import { I32, I64, OP } from '../../wasm/opcodes.ts';
import type { Emitter } from './emitter.ts';
import { emitIndex, emitRangeCheck, STORES } from './memory.ts';

type StringStmt = Stmt & { s: 'string' };

/** Elements up to which a loop is cheaper than calling out of the generated code. */
const SHORT_RUN = 32;
/** More elements than any range in RAM has. */
const MOST_ELEMENTS = 2 ** 31;

export function emitString(e: Emitter, stmt: StringStmt): void {
  // Exits below are on some paths only.
  e.flushDelta();
  const isMove = stmt.kind === 'movs' || stmt.kind === 'stos';
  if (isMove && stmt.rep === 'rep') emitRun(e, stmt);
  else if ((isMove || stmt.kind === 'lods') && stmt.rep === 'none') emitElement(e, stmt);
  else emitLeave(e);
}

/** The interpreter does the instruction. */
function emitLeave(e: Emitter): void {
  e.notePc();
  e.code.br(e.exitLabel());
}

function emitElement(e: Emitter, { kind, size }: StringStmt): void {
  const { code } = e;
  const type = size === 8 ? 'i64' : 'i32';
  const value = e.scratch(size === 8 ? I64 : I32);
  if (kind === 'stos') {
    if (size === 8) e.getRegister(RAX);
    else e.getLow(RAX);
  } else e.expr(load(type, size, reg(RSI)));
  code.set(value);
  if (kind === 'lods') {
    setPart(e, size, value);
    advance(e, RSI, size);
    return;
  }
  const offset = emitIndex(e, reg(RDI), true);
  code.get(value);
  code.memory(STORES[size], offset);
  advance(e, RDI, size);
  if (kind === 'movs') advance(e, RSI, size);
}

/** Sets rax, eax, ax or al to a local. */
function setPart(e: Emitter, size: number, value: number): void {
  const { code } = e;
  if (size < 4) {
    e.getRegister(RAX);
    code.i64(size === 1 ? -0x100 : -0x10000);
    code.op(OP['i64.and']);
  }
  code.get(value);
  if (size < 8) code.op(OP['i64.extend_i32_u']);
  if (size < 4) code.op(OP['i64.or']);
  e.setRegister(RAX);
}

function advance(e: Emitter, register: number, bytes: number): void {
  const sum: Expr = add(reg(register), c64(bytes));
  e.expr(sum);
  e.setRegister(register);
}

function emitRun(e: Emitter, { kind, size }: StringStmt): void {
  const { code } = e;
  const count = e.widen(RCX), length = e.scratch(I64);
  const destination = e.widen(RDI), source = kind === 'movs' ? e.widen(RSI) : -1;
  const bytes = e.scratch(I32), end = e.scratch(I32);
  const done = code.block();
  code.get(count);
  code.op(OP['i64.eqz']);
  code.brIf(done);
  code.get(count);
  code.i64(MOST_ELEMENTS);
  code.op(OP['i64.gt_u']);
  e.notePc();
  code.brIf(e.exitLabel());
  code.get(count);
  code.i64(Math.log2(size));
  code.op(OP['i64.shl']);
  code.set(length);
  const to = emitRangeCheck(e, destination, length, true);
  const from = kind === 'movs' ? emitRangeCheck(e, source, length, false) : -1;
  code.get(length);
  code.op(OP['i32.wrap_i64']);
  code.set(bytes);
  const move = (): void => {
    code.get(to);
    if (kind === 'movs') {
      code.get(from);
      code.memory(size === 8 ? OP['i64.load'] : size === 4 ? OP['i32.load'] : size === 2 ? OP['i32.load16_u'] : OP['i32.load8_u'], 0);
    } else {
      if (size === 8) e.getRegister(RAX);
      else e.getLow(RAX);
    }
    code.memory(STORES[size], 0);
  };
  const step = (local: number): void => {
    code.get(local);
    code.i32(size);
    code.op(OP['i32.add']);
    code.set(local);
  };
  const elementLoop = (): void => {
    code.get(to);
    code.get(bytes);
    code.op(OP['i32.add']);
    code.set(end);
    const again = code.loop();
    move();
    if (kind === 'movs') step(from);
    step(to);
    code.get(to);
    code.get(end);
    code.op(OP['i32.ne']);
    code.brIf(again);
    code.end();
  };
  // An element loop is right for every overlap and every pattern.
  code.get(count);
  code.i64(SHORT_RUN);
  code.op(OP['i64.le_u']);
  if (kind === 'movs') {
    // A destination that begins inside the source repeats it; memory.copy would not.
    code.get(to);
    code.get(from);
    code.op(OP['i32.sub']);
    code.get(bytes);
    code.op(OP['i32.lt_u']);
    code.op(OP['i32.or']);
  } else if (size > 1) {
    repeatedByte(e, size);
    code.op(OP['i32.or']);
  }
  code.if();
  elementLoop();
  code.else();
  code.get(to);
  if (kind === 'movs') {
    code.get(from);
    code.get(bytes);
    code.memoryCopy();
  } else {
    e.getLow(RAX);
    code.get(bytes);
    code.memoryFill();
  }
  code.end();
  for (const local of kind === 'movs' ? [destination, source] : [destination]) {
    code.get(local);
    code.get(length);
    code.op(OP['i64.add']);
    code.set(local);
  }
  code.i64(0);
  code.set(count);
  code.end();
}

/** Leaves 0 when the element in rax is one byte repeated. */
function repeatedByte(e: Emitter, size: 1 | 2 | 4 | 8): void {
  const { code } = e;
  // x and x rotated by eight bits are equal in the element's bits.
  e.getRegister(RAX);
  code.i64(8);
  code.op(OP['i64.shr_u']);
  e.getRegister(RAX);
  code.op(OP['i64.xor']);
  code.i64(size === 8 ? 0xff_ffff_ffff_ffffn : size === 4 ? 0xff_ffff : 0xff);
  code.op(OP['i64.and']);
  code.i64(0);
  code.op(OP['i64.ne']);
}
