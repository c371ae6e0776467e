// IR statements as WebAssembly.

import { RSP, type Block, type Insn, type Stmt } from '../../ir/ir.ts';
import { OP } from '../../wasm/opcodes.ts';
import { isStackAddress } from './address.ts';
import { tmpValues } from './checked-bases.ts';
import type { Emitter } from './emitter.ts';
import { loadBudget, loadRegisters, storeFullState } from './full-state.ts';
import { emitStore } from './memory.ts';
import { savesUnknown } from './signatures.ts';
import { emitString } from './strings.ts';
import { address32 } from './unit.ts';

/** `liveAfter`: registers read after the instruction, for what need not be computed. */
export function emitInsn(e: Emitter, block: Block, position: number, liveAfter: number): void {
  const insn = block.insns[position]!;
  e.startInsn(position, insn.pc);
  if (insn.stmts.length === 0) return;
  e.tmpValues = tmpValues(insn.stmts);
  for (const stmt of insn.stmts) emitStmt(e, block, position, insn, stmt, liveAfter);
  e.bases.finishStep();
}

function emitStmt(e: Emitter, block: Block, position: number, insn: Insn, stmt: Stmt, liveAfter: number): void {
  const { code } = e;
  switch (stmt.s) {
    case 'reg':
      if (stmt.reg === RSP && e.isStatic) {
        e.delta = deltaAfter(e, block, position, stmt);
        return;
      }
      // What pops give back to the caller is nobody's business here: see savesUnknown.
      if (!(liveAfter >> stmt.reg & 1) && isStackLoad(stmt) && e.isStatic && !e.isResumable) return;
      if (e.widths.isNarrow(stmt)) {
        e.low(stmt.value);
        e.setNarrow(stmt.reg);
      } else {
        e.expr(stmt.value);
        e.setRegister(stmt.reg);
      }
      return;
    case 'tmp':
      e.expr(stmt.value);
      code.set(e.setTmp(stmt));
      return;
    case 'pred':
      e.expr(stmt.value);
      code.set(e.pred(stmt.pred));
      return;
    case 'store':
      if (e.isStatic && !e.isResumable && savesUnknown(stmt, e.unwritten)) return;
      emitStore(e, stmt);
      return;
    case 'trapif':
      e.expr(stmt.cond);
      e.notePc();
      code.brIf(e.exitLabel());
      return;
    case 'string': emitString(e, stmt); return;
    case 'intrinsic': emitIntrinsic(e, insn, stmt); return;
    case 'flags': throw new Error('kobox bug: flags are lowered before translation');
  }
}

const isStackLoad = (stmt: Stmt & { s: 'reg' }): boolean => stmt.value.op === 'load' && isStackAddress(stmt.value.addr);

/** rsp behind a statement that sets it, relative to entry. */
function deltaAfter(e: Emitter, block: Block, position: number, stmt: Stmt & { s: 'reg' }): number {
  const { value } = stmt;
  if (isStackAddress(value)) return e.delta + (value.op === 'add' ? Number((value.b as { value: number }).value) : value.op === 'sub' ? -Number((value.b as { value: number }).value) : 0);
  const nextPc = block.insns[position + 1]?.pc ?? block.termPc;
  const delta = e.stack.at(nextPc);
  if (delta === undefined) throw new Error(`kobox bug: rsp is unknown behind ${nextPc}`);
  return delta;
}

/** Runs on the register block; the runtime finds the statement by its number. */
function emitIntrinsic(e: Emitter, insn: Insn, stmt: Stmt & { s: 'intrinsic' }): void {
  const { code } = e;
  if (stmt.addr) {
    code.i32(0);
    e.expr(stmt.addr);
    code.memory(OP['i64.store'], e.blockField('target'));
  }
  storeFullState(e);
  e.noteSite(undefined);
  code.i32(e.unit.runtime.intrinsic(stmt.name, stmt.args));
  code.i32(e.slot);
  code.i32(address32(insn.pc));
  code.call(e.unit.imports.intrinsic);
  loadBudget(e);
  loadRegisters(e, stmt.writes);
}

/** True when something in the function has no translation: the interpreter runs it. */
export const isUntranslatable = (stmt: Stmt): boolean => stmt.s === 'intrinsic' && stmt.name === 'std';
