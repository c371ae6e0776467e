// Loads and stores. An address is checked with one unsigned comparison of its base against RAM (loads) or its writable part
// (stores); the failing arm leaves to the function's exit block, and the interpreter redoes the instruction. No check at all:
// slots of a tracked stack frame, per-CPU words, constant addresses in RAM, bases that were checked before.

import { KERNEL_BASE } from '../../base/ptr.ts';
import type { Expr, Stmt } from '../../ir/ir.ts';
import { I32, I64, OP } from '../../wasm/opcodes.ts';
import { ACCESS_FLOOR, ACCESS_REACH } from '../layout.ts';
import { biasedBase, takeApart, type Address } from './address.ts';
import type { Emitter } from './emitter.ts';

const LOADS = {
  i32: { unsigned: { 1: OP['i32.load8_u'], 2: OP['i32.load16_u'], 4: OP['i32.load'], 8: 0 }, signed: { 1: OP['i32.load8_s'], 2: OP['i32.load16_s'], 4: OP['i32.load'], 8: 0 } },
  i64: {
    unsigned: { 1: OP['i64.load8_u'], 2: OP['i64.load16_u'], 4: OP['i64.load32_u'], 8: OP['i64.load'] },
    signed: { 1: OP['i64.load8_s'], 2: OP['i64.load16_s'], 4: OP['i64.load32_s'], 8: OP['i64.load'] },
  },
} as const;
export const STORES = { 1: OP['i32.store8'], 2: OP['i32.store16'], 4: OP['i32.store'], 8: OP['i64.store'] } as const;

export function emitLoad(e: Emitter, load: Expr & { op: 'load' }): void {
  const offset = emitIndex(e, load.addr, false);
  e.code.memory(LOADS[load.type][load.signed ? 'signed' : 'unsigned'][load.size], offset);
}

export function emitStore(e: Emitter, stmt: Stmt & { s: 'store' }): void {
  const offset = emitIndex(e, stmt.addr, true);
  emitStored(e, stmt, offset);
}
function emitStored(e: Emitter, stmt: Stmt & { s: 'store' }, offset: number): void {
  const { value, size } = stmt;
  // A narrow store of an i64 local needs no wrap.
  if (value.op === 'wrap' && value.a.op === 'reg' && size < 8 && !(e.narrow >> value.a.reg & 1)) {
    e.expr(value.a);
    e.code.memory(size === 4 ? OP['i64.store32'] : size === 2 ? OP['i64.store16'] : OP['i64.store8'], offset);
    return;
  }
  e.expr(value);
  e.code.memory(STORES[size], offset);
}

/** Leaves the i32 index of an address on the stack; the result is the offset that the access adds. */
export function emitIndex(e: Emitter, addr: Expr, isStore: boolean): number {
  const { code } = e;
  const address = takeApart(addr, e.tmpValues, e.isStatic);
  switch (address.kind) {
    case 'stack': {
      const offset = e.frameOffset(address.displacement);
      if (offset >= 0 && offset < ACCESS_REACH) {
        code.get(e.variable('frame'));
        return offset;
      }
      return emitChecked(e, () => e.expr(addr), 0, isStore);
    }
    case 'gs':
      if (address.displacement >= 0 && address.displacement < e.unit.perCpuReach) {
        code.i32(0);
        code.memory(OP['i32.load'], e.blockField('gsBase'));
        code.i32(KERNEL_BASE);
        code.op(OP['i32.add']);
        return address.displacement;
      }
      return emitChecked(e, () => e.expr(addr), 0, isStore);
    case 'constant': {
      const offset = address.address - KERNEL_BASE;
      if (offset >= ACCESS_FLOOR && offset <= e.unit.limit(isStore)) {
        code.i32(0);
        return offset;
      }
      return emitChecked(e, () => code.i64(address.address), 0, isStore);
    }
    case 'base': return emitBase(e, address, isStore);
  }
}

function emitBase(e: Emitter, address: Address & { kind: 'base' }, isStore: boolean): number {
  const { code, bases } = e;
  const key = address.key === '' ? undefined : bases.keyNumber(address.key);
  const biased = (): void => e.expr(address.bias === 0 ? address.base : biasedBase(address, 0));
  if (key === undefined) return emitChecked(e, biased, address.displacement, isStore);
  const { check, distance } = bases.require(key, address.displacement, isStore);
  const local = e.base(key);
  if (check === 'none') {
    code.get(local);
    return ACCESS_FLOOR + distance + address.displacement;
  }
  const offset = emitChecked(e, () => e.expr(biasedBase(address, SHIFT)), address.displacement, check === 'store', true);
  code.tee(local);
  return offset;
}

/** What turns an address into an index: the lowest address that passes the check becomes 0. */
const SHIFT = -KERNEL_BASE - ACCESS_FLOOR;

/** Checks the i64 that `base` leaves (with SHIFT added already, if `isShifted`) and leaves its index. */
function emitChecked(e: Emitter, base: () => void, displacement: number, isStore: boolean, isShifted = false): number {
  const { code } = e;
  const index = e.scratch(I64);
  base();
  if (!isShifted) {
    code.i64(SHIFT);
    code.op(OP['i64.add']);
  }
  code.tee(index);
  code.i64(e.unit.limit(isStore) - ACCESS_FLOOR);
  code.op(OP['i64.gt_u']);
  e.notePc();
  code.brIf(e.exitLabel());
  code.get(index);
  code.op(OP['i32.wrap_i64']);
  return ACCESS_FLOOR + displacement;
}

/** Checks a range of `length` bytes (an i64 local, below 2^32) from the address in i64 local `base`; leaves its RAM offset in an i32 local. */
export function emitRangeCheck(e: Emitter, base: number, length: number, isStore: boolean): number {
  const { code } = e;
  const index = e.scratch(I64), offset = e.scratch(I32);
  code.get(base);
  code.i64(SHIFT);
  code.op(OP['i64.add']);
  code.tee(index);
  code.i64(e.unit.limit(isStore) - ACCESS_FLOOR);
  code.op(OP['i64.gt_u']);
  code.get(index);
  code.get(length);
  code.op(OP['i64.add']);
  code.i64(e.unit.limit(isStore) - ACCESS_FLOOR);
  code.op(OP['i64.gt_u']);
  code.op(OP['i32.or']);
  e.notePc();
  code.brIf(e.exitLabel());
  code.get(index);
  code.op(OP['i32.wrap_i64']);
  code.i32(ACCESS_FLOOR);
  code.op(OP['i32.add']);
  code.set(offset);
  return offset;
}
