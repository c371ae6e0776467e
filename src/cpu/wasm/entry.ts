// How a function begins: arguments that stand in the block, the stack check, the charge of the entry; for a resumable version all
// registers. And how it leaves for the exit block for another reason than an instruction that could not be finished.

import { KERNEL_BASE } from '../../base/ptr.ts';
import { RSP } from '../../ir/ir.ts';
import { regsRead, termExprs } from '../../ir/visit.ts';
import { I32, OP } from '../../wasm/opcodes.ts';
import { EXIT } from '../wasm-runtime.ts';
import type { Emitter } from './emitter.ts';
import { loadBudget, loadPreds, loadRegisters, storeBudget, storeRegisters } from './full-state.ts';
import { readsOf } from './signatures.ts';
import { address32, BLOCK_ARGUMENTS } from './unit.ts';

/** Arguments that come in the block, the stack check, and the charge of the entry unless that is the top of a loop and charges itself. */
export function enter(e: Emitter, weights: ReadonlyMap<number, number>): void {
  const { code, fn, flow, stack } = e;
  const weight = flow.nodes[0]!.isLoopHeader ? 0 : weights.get(fn.entry) ?? 0;
  for (const register of BLOCK_ARGUMENTS) {
    if (e.parameters.includes(register) || !(e.signature.reads >> register & 1)) continue;
    e.loadFromBlock(register);
    e.setRegister(register);
  }
  const isNegative = (): void => {
    code.i32(0);
    code.op(OP['i32.lt_s']);
  };
  const takeWeight = (): void => {
    code.get(e.budget);
    code.i32(weight);
    code.op(OP['i32.sub']);
    code.tee(e.budget);
  };
  if (!e.isStatic) {
    e.getRegister(RSP);
    code.i64(stack.depth);
    code.op(OP['i64.sub']);
    code.i32(0);
    code.memory(OP['i64.load'], e.blockField('stackLimit'));
    code.op(OP['i64.lt_s']);
    code.if();
    leave(e, EXIT.stackOverflow, fn.entry);
    code.end();
    if (weight === 0) return;
    takeWeight();
    isNegative();
    code.if();
    entryIsSpent(e);
    code.end();
    return;
  }
  const lowest = e.scratch(I32);
  if (stack.depth > 0 || usesStack(e)) {
    e.getRegister(RSP);
    code.op(OP['i32.wrap_i64']);
    if (stack.depth > 0) {
      code.i32(stack.depth);
      code.op(OP['i32.sub']);
    }
    code.set(lowest);
    code.get(lowest);
    code.i32(KERNEL_BASE);
    code.op(OP['i32.add']);
    code.set(e.variable('frame'));
  }
  // Stack left, negative when there is too little. A leaf without a frame uses what its caller has checked.
  const left = (): void => {
    code.get(lowest);
    code.i32(0);
    code.memory(OP['i32.load'], e.blockField('stackLimit'));
    code.op(OP['i32.sub']);
  };
  const isChecked = stack.depth > 0;
  if (weight === 0 && !isChecked) return;
  // One test for both: either being negative makes the union negative.
  if (weight > 0) takeWeight();
  if (isChecked) left();
  if (weight > 0 && isChecked) code.op(OP['i32.or']);
  isNegative();
  code.if();
  if (isChecked) {
    left();
    isNegative();
    code.if();
    code.get(e.budget);
    code.i32(weight);
    code.op(OP['i32.add']);
    code.set(e.budget);
    leave(e, EXIT.stackOverflow, fn.entry);
    code.end();
  }
  if (weight > 0) entryIsSpent(e);
  code.end();
}

const usesStack = (e: Emitter): boolean =>
  e.flow.nodes.some(({ block }) => block.insns.some((insn) => insn.stmts.some((stmt) => (readsOf(stmt) >> RSP & 1) !== 0)) || termExprs(block.term).some((expr) => (regsRead(expr) >> RSP & 1) !== 0));

/** All registers from the block; rsp back to its value at entry where it is tracked. */
export function enterResumed(e: Emitter, weights: ReadonlyMap<number, number>): void {
  const { code, flow } = e;
  const root = flow.nodes[0]!.block;
  const narrow = e.widths.atStart(root);
  loadRegisters(e, 0xffff & ~narrow);
  for (let register = 0; register < 16; register++) {
    if (!(narrow >> register & 1)) continue;
    code.i32(0);
    code.memory(OP['i32.load'], e.blockField('regs', register * 8));
    e.setNarrow(register);
  }
  loadPreds(e);
  if (e.isStatic) {
    const delta = e.stack.at(root.insns[0]?.pc ?? root.termPc) ?? 0;
    e.loadFromBlock(RSP);
    code.i64(-delta);
    code.op(OP['i64.add']);
    e.setRegister(RSP);
    e.getRegister(RSP);
    code.op(OP['i32.wrap_i64']);
    code.i32(KERNEL_BASE - e.stack.depth);
    code.op(OP['i32.add']);
    code.set(e.variable('frame'));
    e.delta = delta;
    e.flushDelta();
  }
  loadBudget(e);
  // The caller has charged the root; its own charge below must not count twice.
  const weight = weights.get(root.start) ?? 0;
  if (weight === 0) return;
  code.get(e.budget);
  code.i32(weight);
  code.op(OP['i32.add']);
  code.set(e.budget);
}

/** Goes to the exit block for another reason than a failed instruction. */
export function leave(e: Emitter, kind: number, pc: number): void {
  e.code.i32(kind);
  e.code.set(e.variable('kind'));
  leaveAs(e, pc);
}
/** The kind is set. */
export function leaveAs(e: Emitter, pc: number): void {
  e.code.i32(pc - e.fn.entry);
  e.code.set(e.variable('pc'));
  e.code.br(e.exitLabel());
  e.forgetPc();
}

/** In a function with calls, arguments are kept on the wasm stack anyway: a call that comes back costs nothing. */
function entryIsSpent(e: Emitter): void {
  const { code } = e;
  if (!e.flow.nodes.some(({ block }) => block.term.t === 'call')) {
    leave(e, EXIT.budget, e.fn.entry);
    return;
  }
  // Nothing else means anything yet.
  storeRegisters(e, e.parameters.reduce((mask, register) => mask | (1 << register), 0));
  e.storeToBlock(RSP, () => e.getRegister(RSP));
  storeBudget(e);
  code.i32(e.slot);
  code.i32(address32(e.fn.entry));
  code.call(e.unit.imports.budget);
  loadBudget(e);
}
