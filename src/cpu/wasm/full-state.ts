// Registers and predicates between wasm locals and the register block.

import { PREDICATES, RSP } from '../../ir/ir.ts';
import { INTRINSIC_FLAGS } from '../../ir/visit.ts';
import { OP } from '../../wasm/opcodes.ts';
import type { Emitter } from './emitter.ts';

/** Stores the registers of `mask` that the function has a local for; the others are not this function's. */
export function storeRegisters(e: Emitter, mask: number): void {
  for (let register = 0; register < 16; register++) {
    if (register === RSP || !(mask >> register & 1) || !e.hasRegister(register)) continue;
    e.storeToBlock(register, () => e.getRegister(register));
  }
}
/** The same in exit and catch blocks, to which code at several places leads. */
export function storeAnyRegisters(e: Emitter, mask: number): void {
  for (let register = 0; register < 16; register++) {
    if (register === RSP || !(mask >> register & 1) || !e.hasRegister(register)) continue;
    e.storeToBlock(register, () => e.getAnyRegister(register));
  }
}

/** All that the other engine needs to go on at this instruction: registers, rsp as it is here, predicates, budget. */
export function storeFullState(e: Emitter): void {
  storeBudget(e);
  storeRegisters(e, 0xffff);
  e.storeToBlock(RSP, () => e.getRsp());
  storePreds(e);
}
export function storePreds(e: Emitter): void {
  PREDICATES.forEach((pred, index) => {
    if (!e.hasPred(pred) || !(e.exitPreds >> index & 1)) return;
    e.code.i32(0);
    e.code.get(e.pred(pred));
    e.code.memory(OP['i32.store8'], e.blockField('preds', index));
  });
}

/** The same where rsp is what the `delta` variable says: in exit and catch blocks, which code at several depths shares. */
export function storeRspOfVariable(e: Emitter): void {
  e.storeToBlock(RSP, () => {
    e.getRegister(RSP);
    if (!e.isStatic || !e.hasVariable('delta')) return;
    e.code.get(e.variable('delta'));
    e.code.op(OP['i64.extend_i32_s']);
    e.code.op(OP['i64.add']);
  });
}

/** The budget goes to RAM before other code runs, and comes back after it. */
export function storeBudget(e: Emitter): void {
  e.code.i32(0);
  e.code.get(e.budget);
  e.code.memory(OP['i32.store'], e.blockField('budget'));
}
export function loadBudget(e: Emitter): void {
  e.code.i32(0);
  e.code.memory(OP['i32.load'], e.blockField('budget'));
  e.code.set(e.budget);
}

/** Loads registers (and predicates, INTRINSIC_FLAGS) from the block. */
export function loadRegisters(e: Emitter, mask: number): void {
  for (let register = 0; register < 16; register++) {
    if (register === RSP && e.isStatic) continue;
    if (!(mask >> register & 1)) continue;
    e.loadFromBlock(register);
    e.setRegister(register);
  }
  if (mask & INTRINSIC_FLAGS) loadPreds(e);
}
export function loadPreds(e: Emitter): void {
  PREDICATES.forEach((pred, index) => {
    if (!e.hasPred(pred)) return;
    e.code.i32(0);
    e.code.memory(OP['i32.load8_u'], e.blockField('preds', index));
    e.code.set(e.pred(pred));
  });
}

