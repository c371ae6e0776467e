// One function as WebAssembly:
//
//   block $exit                    full state is stored behind it, then `fault`
//     block $loopExit              (with loops that keep the budget in a local) the budget is stored behind it
//       stack check, charge of the entry
//       try                        (with calls) a frame that waits in a call hands over what it keeps in locals
//         structured body
//       catch_all ... rethrow
//
// The resumable version differs in its ends only: it takes all registers from the block, starts at any block of the function,
// and puts what a caller may read back into the block when it returns.

import { KERNEL_BASE } from '../../base/ptr.ts';
import { RSP, type Block, type Stmt } from '../../ir/ir.ts';
import { regsLiveBeforeStmt } from '../../ir/liveness.ts';
import { regsRead, stmtExprs, stringReads, termExprs } from '../../ir/visit.ts';
import { chargePoints } from '../../ir/work.ts';
import type { Code } from '../../wasm/code.ts';
import { I32, OP } from '../../wasm/opcodes.ts';
import { EXIT } from '../wasm-runtime.ts';
import { emitCall, emitCatchBlock, emitExitBlock, emitRet, emitTail } from './calls.ts';
import { writtenRegisters } from './checked-bases.ts';
import type { FlowNode } from './control-flow.ts';
import { Emitter, type EmitterInput } from './emitter.ts';
import { emitCondition, emitExpr } from './expressions.ts';
import { loadPreds, loadRegisters, storePreds, storeRegisters } from './full-state.ts';
import { unwrittenRegisters } from './signatures.ts';
import { emitInsn } from './statements.ts';
import { writeDispatch, writeStructured, type NodeWriter, type Transfer } from './structure.ts';
import { address32 } from './unit.ts';

export function emitFunction(input: EmitterInput): Code {
  const e = new Emitter(input);
  e.expr = (expr) => emitExpr(e, expr);
  const { code, flow } = e;
  const weights = chargePoints(e.fn);
  declareRegisters(e);
  const hasCalls = flow.nodes.some(({ block }) => block.term.t === 'call');
  const hasQuietLoops = flow.nodes.some((node) => node.quietLoop);

  e.exit = code.block();
  if (hasQuietLoops) e.loopExit = code.block();
  if (e.isResumable) enterResumed(e, weights);
  else enter(e, weights);
  const body = hasCalls ? code.try() : 0;
  const writer = new FunctionWriter(e, weights);
  if (flow.isReducible) writeStructured(code, flow, writer);
  else writeDispatch(code, flow, writer);
  if (hasCalls) {
    code.catchAll();
    emitCatchBlock(e);
    code.rethrow(body);
    code.end();
  }
  code.op(OP.unreachable);
  if (hasQuietLoops) {
    code.end();
    storeBudget(e);
  }
  code.end();
  if (e.usesExit) emitExitBlock(e);
  else code.op(OP.unreachable);
  return code;
}

/** Every register and predicate gets its local before code is written: what is stored at one place may be set at a later one. */
function declareRegisters(e: Emitter): void {
  let registers = e.isResumable ? 0xffff : 1 << RSP | 1;
  for (const { block } of e.flow.nodes) {
    for (const { stmts } of block.insns) {
      for (const stmt of stmts) {
        registers |= writtenRegisters(stmt) | readRegisters(stmt);
        if (stmt.s === 'pred') e.pred(stmt.pred);
      }
    }
    for (const expr of termExprs(block.term)) registers |= regsRead(expr);
  }
  for (let register = 0; register < 16; register++) if (registers >> register & 1) e.register(register);
}
const readRegisters = (stmt: Stmt): number => {
  let mask = stmt.s === 'string' ? stringReads(stmt) : stmt.s === 'intrinsic' ? stmt.reads & 0xffff : 0;
  for (const expr of stmtExprs(stmt)) mask |= regsRead(expr);
  return mask;
};

/** Stack check and the charge of the entry block, unless that is the top of a loop and charges itself. */
function enter(e: Emitter, weights: ReadonlyMap<number, number>): void {
  const { code, fn, flow, stack } = e;
  const weight = flow.nodes[0]!.isLoopHeader ? 0 : weights.get(fn.entry) ?? 0;
  e.pc = fn.entry;
  if (!e.isStatic) {
    code.get(e.register(RSP));
    code.i64(stack.depth);
    code.op(OP['i64.sub']);
    code.i32(0);
    code.memory(OP['i64.load'], e.blockField('stackLimit'));
    code.op(OP['i64.lt_s']);
    code.if();
    leave(e, EXIT.stackOverflow, fn.entry);
    code.end();
    charge(e, weight, () => callBudget(e));
    if (flow.nodes[0]!.quietLoop) loadBudget(e);
    return;
  }
  const lowest = e.scratch(I32);
  code.get(e.register(RSP));
  code.op(OP['i32.wrap_i64']);
  code.i32(stack.depth);
  code.op(OP['i32.sub']);
  code.set(lowest);
  code.get(lowest);
  code.i32(KERNEL_BASE);
  code.op(OP['i32.add']);
  code.set(e.variable('frame'));
  // Stack left, negative when there is too little. A leaf without a frame uses what its caller has checked.
  const left = (): void => {
    code.get(lowest);
    code.i32(0);
    code.memory(OP['i32.load'], e.blockField('stackLimit'));
    code.op(OP['i32.sub']);
  };
  const isNegative = (): void => {
    code.i32(0);
    code.op(OP['i32.lt_s']);
  };
  if (weight === 0) {
    left();
    isNegative();
    code.if();
    leave(e, EXIT.stackOverflow, fn.entry);
    code.end();
  } else {
    const budget = e.scratch(I32);
    code.i32(0);
    code.i32(0);
    code.memory(OP['i32.load'], e.blockField('budget'));
    code.i32(weight);
    code.op(OP['i32.sub']);
    code.tee(budget);
    code.memory(OP['i32.store'], e.blockField('budget'));
    code.get(budget);
    if (stack.depth > 0) {
      left();
      code.op(OP['i32.or']);
    }
    isNegative();
    code.if();
    if (stack.depth > 0) {
      left();
      isNegative();
      code.if();
      code.i32(0);
      code.get(budget);
      code.i32(weight);
      code.op(OP['i32.add']);
      code.memory(OP['i32.store'], e.blockField('budget'));
      leave(e, EXIT.stackOverflow, fn.entry);
      code.end();
    }
    callBudget(e);
    code.end();
  }
  if (flow.nodes[0]!.quietLoop) loadBudget(e);
}

/** All registers from the block; rsp back to its value at entry where it is tracked. */
function enterResumed(e: Emitter, weights: ReadonlyMap<number, number>): void {
  const { code, flow } = e;
  const root = flow.nodes[0]!.block;
  loadRegisters(e, 0xffff);
  loadPreds(e);
  if (e.isStatic) {
    const delta = e.stack.at(root.insns[0]?.pc ?? root.termPc) ?? 0;
    e.loadFromBlock(RSP);
    code.i64(-delta);
    code.op(OP['i64.add']);
    code.tee(e.register(RSP));
    code.op(OP['i32.wrap_i64']);
    code.i32(KERNEL_BASE - e.stack.depth);
    code.op(OP['i32.add']);
    code.set(e.variable('frame'));
    e.setDelta(delta);
  }
  // The caller has charged the root; its own charge below must not count twice.
  const weight = weights.get(root.start) ?? 0;
  if (weight > 0) {
    code.i32(0);
    code.i32(0);
    code.memory(OP['i32.load'], e.blockField('budget'));
    code.i32(weight);
    code.op(OP['i32.add']);
    code.memory(OP['i32.store'], e.blockField('budget'));
  }
  if (flow.nodes[0]!.quietLoop) loadBudget(e);
}

/** Goes to the exit block for another reason than a failed instruction. */
function leave(e: Emitter, kind: number, pc: number): void {
  e.code.i32(kind);
  e.code.set(e.variable('kind'));
  e.code.i32(pc - e.fn.entry);
  e.code.set(e.variable('pc'));
  e.code.br(e.exitLabel());
  e.forgetPc();
}

/** Takes `weight` from the budget in RAM; `spent` runs when it is below zero. */
function charge(e: Emitter, weight: number, spent: () => void): void {
  if (weight === 0) return;
  const { code } = e;
  const budget = e.scratch(I32);
  code.i32(0);
  code.i32(0);
  code.memory(OP['i32.load'], e.blockField('budget'));
  code.i32(weight);
  code.op(OP['i32.sub']);
  code.tee(budget);
  code.memory(OP['i32.store'], e.blockField('budget'));
  code.get(budget);
  code.i32(0);
  code.op(OP['i32.lt_s']);
  code.if();
  spent();
  code.end();
}

/** At the entry nothing but arguments is live: a call that comes back costs the function nothing. */
function callBudget(e: Emitter): void {
  const { code } = e;
  storeRegisters(e, 0xffff);
  e.storeToBlock(RSP, () => code.get(e.register(RSP)));
  storePreds(e);
  code.i32(e.slot);
  code.i32(address32(e.fn.entry));
  code.call(e.unit.imports.budget);
}

function loadBudget(e: Emitter): void {
  e.code.i32(0);
  e.code.memory(OP['i32.load'], e.blockField('budget'));
  e.code.set(e.variable('budget'));
}
function storeBudget(e: Emitter): void {
  e.code.i32(0);
  e.code.get(e.variable('budget'));
  e.code.memory(OP['i32.store'], e.blockField('budget'));
}

/** Blocks and edges, as the structuring asks for them. */
class FunctionWriter implements NodeWriter {
  readonly #e: Emitter;
  readonly #weights: ReadonlyMap<number, number>;
  readonly #unwritten: (block: Block) => readonly number[];

  constructor(e: Emitter, weights: ReadonlyMap<number, number>) {
    this.#e = e;
    this.#weights = weights;
    this.#unwritten = unwrittenRegisters(e.fn);
  }

  body(node: FlowNode): void {
    const e = this.#e;
    const { block } = node;
    e.startBlock(node);
    this.#charge(node);
    const live = liveAfterInsns(block, e.signature.liveBeforeTerm.get(block) ?? 0xffff);
    const unwritten = this.#unwritten(block);
    block.insns.forEach((_, position) => {
      e.unwritten = unwritten[position]!;
      emitInsn(e, block, position, live[position]!);
    });
    e.startInsn(block.insns.length, block.termPc);
  }

  #charge(node: FlowNode): void {
    const e = this.#e;
    const { start } = node.block;
    const weight = this.#weights.get(start);
    if (weight === undefined || (node.index === 0 && !node.isLoopHeader && !e.isResumable)) return;
    if (!node.quietLoop) {
      charge(e, weight, () => leave(e, EXIT.budget, start));
      return;
    }
    const { code } = e;
    const budget = e.variable('budget');
    code.get(budget);
    code.i32(weight);
    code.op(OP['i32.sub']);
    code.tee(budget);
    code.i32(0);
    code.op(OP['i32.lt_s']);
    code.if();
    leave(e, EXIT.budget, start);
    code.end();
  }

  terminator(node: FlowNode, transfer: Transfer): void {
    const e = this.#e;
    const { code, flow } = e;
    const { block } = node;
    const { term } = block;
    const nodeAt = (start: number): FlowNode => flow.byStart.get(start)!;
    switch (term.t) {
      case 'jump':
        e.bases.finishBlock(node);
        transfer.to(nodeAt(term.target));
        return;
      case 'branch': {
        const inverted = emitCondition(e, term.cond);
        e.bases.finishBlock(node);
        const taken = nodeAt(inverted ? term.next : term.taken), other = nodeAt(inverted ? term.taken : term.next);
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
        emitCall(e, term, e.signature.liveAfter.get(block) ?? 0xffff);
        e.bases.finishBlock(node);
        transfer.to(nodeAt(term.next));
        return;
      case 'tail': emitTail(e, term); return;
      case 'ret': emitRet(e, term); return;
      case 'trap':
        e.notePc();
        code.br(e.exitLabel());
        return;
    }
  }

  edge(from: FlowNode, to: FlowNode): void {
    if (!this.hasEdgeCode(from, to)) return;
    if (from.quietLoop) storeBudget(this.#e);
    else loadBudget(this.#e);
  }
  /** From one quiet loop right into another the local stays what it is. */
  hasEdgeCode(from: FlowNode, to: FlowNode): boolean { return (from.quietLoop === undefined) !== (to.quietLoop === undefined); }
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

