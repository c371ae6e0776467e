// One function as WebAssembly:
//
//   block $exit                  full state is stored behind it, then `fault`
//     stack check, charge of the entry
//     try                        (with calls) a frame that waits in a call hands over what it keeps in locals
//       structured body
//     catch_all ... rethrow
//
// The resumable version differs in its ends only: it takes all registers from the block, starts at any block of the function,
// and puts what a caller may read back into the block when it returns.

import { PREDICATES, RDX, RSP, type Block, type Stmt } from '../../ir/ir.ts';
import { predsLiveBeforeInsn, predsLiveBeforeTerm, regsLiveBeforeStmt, CALLEE_SAVED, type Liveness } from '../../ir/liveness.ts';
import { mayFault, predsRead, regsRead, stmtExprs, termExprs, termPreds } from '../../ir/visit.ts';
import { chargePoints } from '../../ir/work.ts';
import type { Code } from '../../wasm/code.ts';
import { OP } from '../../wasm/opcodes.ts';
import { EXIT } from '../wasm-runtime.ts';
import { emitCall, emitCatchBlock, emitExitBlock, emitRet, emitTail } from './calls.ts';
import { writtenRegisters } from './checked-bases.ts';
import type { FlowNode } from './control-flow.ts';
import { Emitter, type EmitterInput } from './emitter.ts';
import { enter, enterResumed, leave, leaveAs } from './entry.ts';
import { emitCondition, emitExpr, emitWrapped } from './expressions.ts';
import { argumentsAtCalls, readsOf, unwrittenRegisters } from './signatures.ts';
import { emitInsn } from './statements.ts';
import { writeDispatch, writeStructured, type NodeWriter, type Transfer } from './structure.ts';

/** `note` is given the names of the locals, for those who print the code. */
export function emitFunction(input: EmitterInput, note?: (names: ReadonlyMap<number, string>) => void): Code {
  const e = new Emitter(input);
  e.expr = (expr) => emitExpr(e, expr);
  e.low = (expr) => emitWrapped(e, expr);
  const { code, flow } = e;
  const weights = chargePoints(e.fn);
  declareRegisters(e);
  const { predicates } = input;
  e.exitPreds = predsAtExits(e, predicates, weights);
  const hasCalls = flow.nodes.some(({ block }) => block.term.t === 'call');

  e.exit = code.block();
  if (e.isResumable) enterResumed(e, weights);
  else enter(e, weights);
  const body = hasCalls ? code.try() : 0;
  const writer = new FunctionWriter(e, weights, predicates);
  if (flow.isReducible) writeStructured(code, flow, writer);
  else writeDispatch(code, flow, writer);
  if (hasCalls) {
    code.catchAll();
    emitCatchBlock(e);
    code.rethrow(body);
    code.end();
  }
  code.op(OP.unreachable);
  code.end();
  if (e.usesExit) emitExitBlock(e);
  else code.op(OP.unreachable);
  note?.(e.localNames());
  return code;
}

/** Every register and predicate gets its locals before code is written: what is stored at one place may be set at a later one. */
function declareRegisters(e: Emitter): void {
  let wide = e.isResumable ? 0xffff : (1 << RSP) | 1;
  let narrow = 0, preds = 0;
  for (const { block } of e.flow.nodes) {
    let now = e.widths.atStart(block);
    const note = (registers: number): void => {
      narrow |= registers & now;
      wide |= registers & ~now;
    };
    for (const { stmts } of block.insns) {
      for (const stmt of stmts) {
        note(readsOf(stmt));
        const written = writtenRegisters(stmt);
        now = stmt.s === 'reg' && e.widths.isNarrow(stmt) ? now | written : now & ~written;
        note(written);
        if (stmt.s === 'pred') e.pred(stmt.pred);
        for (const expr of stmtExprs(stmt)) preds |= predsRead(expr);
      }
    }
    for (const expr of termExprs(block.term)) note(regsRead(expr));
    preds |= termPreds(block);
  }
  for (let register = 0; register < 16; register++) {
    if (wide >> register & 1) e.declare(register, false);
    if (narrow >> register & 1) e.declare(register, true);
  }
  PREDICATES.forEach((pred, index) => { if (preds >> index & 1) e.pred(pred); });
}

/** Predicates live before anything that may leave. */
function predsAtExits(e: Emitter, predicates: Liveness, weights: ReadonlyMap<number, number>): number {
  let mask = 0;
  for (const { block } of e.flow.nodes) {
    let live = predsLiveBeforeTerm(block, predicates.after(block));
    if (block.term.t !== 'jump' && block.term.t !== 'branch') mask |= live;
    for (let i = block.insns.length - 1; i >= 0; i--) {
      const insn = block.insns[i]!;
      live = predsLiveBeforeInsn(insn, live);
      if (insn.stmts.some(mayLeave)) mask |= live;
    }
    if (weights.has(block.start)) mask |= live;
  }
  return mask;
}
const mayLeave = (stmt: Stmt): boolean =>
  stmt.s === 'store' || stmt.s === 'trapif' || stmt.s === 'string' || stmt.s === 'intrinsic' || stmtExprs(stmt).some(mayFault);

/** Blocks, as the structuring asks for them. */
class FunctionWriter implements NodeWriter {
  readonly #e: Emitter;
  readonly #weights: ReadonlyMap<number, number>;
  readonly #predicates: Liveness;
  readonly #unwritten: (block: Block) => readonly number[];
  readonly #arguments: ReadonlyMap<Block, number>;

  constructor(e: Emitter, weights: ReadonlyMap<number, number>, predicates: Liveness) {
    this.#e = e;
    this.#predicates = predicates;
    this.#weights = weights;
    this.#unwritten = unwrittenRegisters(e.fn);
    this.#arguments = argumentsAtCalls(e.flow, e.isResumable ? 0xffff : e.parameters.reduce((mask, register) => mask | (1 << register), 0));
  }

  body(node: FlowNode): void {
    const e = this.#e;
    const { block } = node;
    e.startBlock(node);
    if (node.isLoopHeader && e.flow.isReducible) this.#forgetDead(node);
    this.#charge(node);
    const live = liveAfterInsns(block, e.signature.live.beforeTerm.get(block) ?? 0xffff);
    const unwritten = this.#unwritten(block);
    block.insns.forEach((_, position) => {
      e.unwritten = unwritten[position]!;
      emitInsn(e, block, position, live[position]!);
    });
    e.startInsn(block.insns.length, block.termPc);
    e.flushDelta();
  }

  /**
   * Sets what nobody reads any more to zero at the top of a loop: exits store all registers, and a dead one would be carried
   * around the loop for their sake.
   */
  #forgetDead(node: FlowNode): void {
    const e = this.#e;
    const { block } = node;
    const live = e.signature.live.before.get(block.start) ?? 0xffff;
    const mask = (e.isResumable ? CALLEE_SAVED | (1 << RSP) | (1 << RDX) : 1 << RSP) | live;
    for (let register = 0; register < 16; register++) {
      if (mask >> register & 1 || !e.hasRegister(register)) continue;
      e.forgetRegister(register);
    }
    const preds = this.#predicates.before(block);
    PREDICATES.forEach((pred, index) => {
      if (preds >> index & 1 || !e.hasPred(pred) || !(e.exitPreds >> index & 1)) return;
      e.code.i32(0);
      e.code.set(e.pred(pred));
    });
  }

  #charge(node: FlowNode): void {
    const e = this.#e;
    const { start } = node.block;
    const weight = this.#weights.get(start);
    if (weight === undefined || (node.index === 0 && !node.isLoopHeader && !e.isResumable)) return;
    const { code } = e;
    const takeWeight = (): void => {
      code.get(e.budget);
      code.i32(weight);
      code.op(OP['i32.sub']);
    };
    const isBelow = (limit: number): void => {
      code.i32(limit);
      code.op(OP['i32.lt_s']);
    };
    if (node.copy > 0) {
      // The top of the round has seen to it that there is enough.
      takeWeight();
      code.set(e.budget);
    } else if (node.iterations === 1) {
      takeWeight();
      code.tee(e.budget);
      isBelow(0);
      code.if();
      leave(e, EXIT.budget, start);
      code.end();
    } else {
      code.get(e.budget);
      isBelow(node.iterations * weight);
      code.if();
      // Not enough for a whole round: the interpreter goes on from here, if there is enough for one iteration.
      takeWeight();
      code.tee(e.budget);
      isBelow(0);
      code.i32(1);
      code.op(OP['i32.shl']);
      code.set(e.variable('kind'));
      leaveAs(e, start);
      code.end();
      takeWeight();
      code.set(e.budget);
    }
  }

  terminator(node: FlowNode, transfer: Transfer): void {
    const e = this.#e;
    const { code } = e;
    const { block, successors: [first, second] } = node;
    const { term } = block;
    switch (term.t) {
      case 'jump':
        e.bases.finishBlock(node);
        transfer.to(first!);
        return;
      case 'branch': {
        const inverted = emitCondition(e, term.cond);
        e.bases.finishBlock(node);
        const taken = inverted ? second! : first!, other = inverted ? first! : second!;
        const takenLabel = transfer.label(taken);
        const otherLabel = takenLabel === undefined ? transfer.label(other) : undefined;
        if (takenLabel !== undefined) {
          code.brIf(takenLabel);
          transfer.to(other);
        } else if (otherLabel !== undefined) {
          code.op(OP['i32.eqz']);
          code.brIf(otherLabel);
          transfer.to(taken);
        } else {
          code.if();
          transfer.to(taken);
          code.end();
          transfer.to(other);
        }
        return;
      }
      case 'call':
        e.arguments = this.#arguments.get(block) ?? 0xffff;
        emitCall(e, block, term);
        e.bases.finishBlock(node);
        transfer.to(first!);
        return;
      case 'tail':
        e.arguments = this.#arguments.get(block) ?? 0xffff;
        emitTail(e, term);
        return;
      case 'ret': emitRet(e, term); return;
      case 'trap':
        e.notePc();
        code.br(e.exitLabel());
        return;
    }
  }
}

/** Registers read after each instruction of a block. */
function liveAfterInsns(block: Block, beforeTerm: number): number[] {
  let live = beforeTerm;
  const result: number[] = new Array(block.insns.length);
  for (let i = block.insns.length - 1; i >= 0; i--) {
    result[i] = live;
    const { stmts } = block.insns[i]!;
    for (let k = stmts.length - 1; k >= 0; k--) live = regsLiveBeforeStmt(stmts[k]!, live);
  }
  return result;
}

