// Calls, tail calls and returns. A callee of the same unit is called directly with the registers it reads; another guest function
// through its table slot; a host function through the block. The return address goes to the guest stack at every call, so
// that traces and suspended frames find it there.

import { add, c64, reg } from '../../ir/build.ts';
import { RAX, RDX, RSP, type Block, type Target, type Term } from '../../ir/ir.ts';
import { ARGUMENT_REGISTERS, CALLEE_SAVED, CALLER_SAVED } from '../../ir/liveness.ts';
import { I32, I64, OP } from '../../wasm/opcodes.ts';
import { TARGET_CACHE_ENTRIES, TARGET_CACHE_OFFSET, type Callee } from '../wasm-runtime.ts';
import type { Emitter } from './emitter.ts';
import { loadRegisters, storeAnyRegisters, storeBudget, storePreds, storeRegisters, storeRspOfVariable } from './full-state.ts';
import { emitIndex } from './memory.ts';
import { BLOCK_ARGUMENTS, TABLE_PARAMETERS, type Member } from './unit.ts';

/** What the kernel's own functions may look at: arguments and, for hand-written entry points, the other caller-saved registers. */
const HOST_READS = ARGUMENT_REGISTERS | (1 << RAX);

/** How the code of a call ends. */
type Ending =
  /** It comes back: rax is set, what `liveAfter` asks for is loaded. `readHere`: what this function's instructions read after it. */
  | { readonly isTail: false; readonly next: number; readonly liveAfter: number; readonly readHere: number }
  /** The callee's result is this function's: it is left on the stack. */
  | { readonly isTail: true };

export function emitCall(e: Emitter, block: Block, term: Term & { t: 'call' }): void {
  const { live, readHere } = e.signature;
  const target = emitTarget(e, term.target);
  pushReturnAddress(e, term.next);
  const ending: Ending = { isTail: false, next: term.next, liveAfter: live.after.get(block) ?? 0, readHere: readHere.after.get(block) ?? 0 };
  const likely = e.likely.get(block.start);
  const member = likely === undefined ? undefined : e.unit.member(likely);
  if (typeof target === 'number' || !member) emitTransfer(e, target, ending);
  else {
    const { code } = e;
    beforeTransfer(e, ending);
    code.get(target.local);
    code.i64(likely!);
    code.op(OP['i64.eq']);
    code.if();
    emitMemberCall(e, member, ending);
    code.else();
    emitTableCall(e, () => code.get(target.local), ending);
    code.end();
  }
  e.bases.finishStep();
}

export function emitTail(e: Emitter, term: Term & { t: 'tail' }): void {
  if (e.isResumable) {
    // The caller's callee-saved registers are back, but only here: a callee that unwinds would take them along. The interpreter
    // makes the jump.
    e.notePc();
    e.code.br(e.exitLabel());
    return;
  }
  emitTransfer(e, emitTarget(e, term.target), { isTail: true });
  emitReturn(e, 8);
}

/** Evaluates an indirect target into a local before anything else happens. */
function emitTarget(e: Emitter, target: Target): number | { local: number } {
  if (typeof target === 'number') return target;
  const local = e.scratch(I64);
  e.expr(target);
  e.code.set(local);
  return { local };
}

function pushReturnAddress(e: Emitter, next: number): void {
  const offset = emitIndex(e, add(reg(RSP), c64(-8)), true);
  e.code.i64(next);
  e.code.memory(OP['i64.store'], offset);
}

function beforeTransfer(e: Emitter, ending: Ending): void {
  e.noteSite(ending.isTail ? undefined : ending.next);
  // A callee that leaves rdx alone returns what it was given. (Where rdx only goes on to another call, nobody can mean that.)
  if (!ending.isTail && ending.readHere & (1 << RDX)) storeRegisters(e, 1 << RDX);
}

function emitMemberCall(e: Emitter, member: Member, ending: Ending): void {
  storeRegisters(e, e.arguments & member.passesOn);
  for (const register of member.parameters) emitArgument(e, register, ending);
  e.code.get(e.budget);
  e.code.call(member.functionIndex);
  finish(e, ending, member.mayChangeRdx);
}

function emitTransfer(e: Emitter, target: number | { local: number }, ending: Ending): void {
  const { code } = e;
  beforeTransfer(e, ending);
  if (typeof target !== 'number') {
    emitTableCall(e, () => code.get(target.local), ending);
    return;
  }
  const member = e.unit.member(target);
  if (member) {
    emitMemberCall(e, member, ending);
    return;
  }
  const callee = e.unit.callee(target);
  switch (callee.kind) {
    case 'host': emitHostCall(e, callee, ending); return;
    case 'guest':
      emitTableArguments(e, ending);
      code.i32(callee.slot);
      code.callIndirect(e.unit.tableType);
      finish(e, ending);
      return;
    case 'none': emitTableCall(e, () => code.i64(target), ending); return;
  }
}

/** A register as an argument; one that the function never touches has no value worth passing. */
function emitArgument(e: Emitter, register: number, ending: Ending): void {
  if (register === RSP) e.getRsp(ending.isTail ? 0 : -8);
  else if (e.hasRegister(register)) e.getRegister(register);
  else e.code.i64(0);
}

function emitTableArguments(e: Emitter, ending: Ending): void {
  for (const register of BLOCK_ARGUMENTS) storeRegisters(e, e.arguments & (1 << register));
  for (const register of TABLE_PARAMETERS) emitArgument(e, register, ending);
  e.code.get(e.budget);
}

/**
 * Calls the 64-bit target that `target` leaves. The cache in RAM gives the table slot; on a miss, slot 0 has the function that
 * asks the runtime for it.
 */
function emitTableCall(e: Emitter, target: () => void, ending: Ending): void {
  const { code } = e;
  const wanted = e.scratch(I64), entry = e.scratch(I32), slot = e.scratch(I32);
  target();
  code.tee(wanted);
  code.op(OP['i32.wrap_i64']);
  code.i32(1);
  code.op(OP['i32.shr_u']);
  code.i32((TARGET_CACHE_ENTRIES - 1) * 8);
  code.op(OP['i32.and']);
  code.tee(entry);
  code.memory(OP['i32.load'], TARGET_CACHE_OFFSET + 4);
  code.set(slot);
  code.get(entry);
  code.memory(OP['i64.load32_s'], TARGET_CACHE_OFFSET);
  code.get(wanted);
  code.op(OP['i64.ne']);
  code.if();
  code.i32(0);
  code.get(wanted);
  code.memory(OP['i64.store'], e.blockField('target'));
  code.i32(0);
  code.set(slot);
  code.end();
  emitTableArguments(e, ending);
  code.get(slot);
  code.callIndirect(e.unit.tableType);
  finish(e, ending);
}

function emitHostCall(e: Emitter, { index, reads = HOST_READS }: Callee & { kind: 'host' }, ending: Ending): void {
  const { code } = e;
  const given = reads & e.arguments;
  const passed = TABLE_PARAMETERS.slice(0, -1);
  storeRegisters(e, passed.reduce((mask, register) => mask & ~(1 << register), given));
  // A register in between that holds no argument may be passed too: nobody looks at it.
  const nrArguments = passed.findLastIndex((register) => (given >> register & 1) !== 0) + 1;
  for (const register of passed.slice(0, nrArguments)) emitArgument(e, register, ending);
  emitArgument(e, RSP, ending);
  code.get(e.budget);
  code.i32(index);
  code.call(e.unit.hostCaller(nrArguments));
  if (ending.isTail) return;
  code.set(e.budget);
  e.setRegister(RAX);
  // Only its two results can be meant for a callee or a caller; hand-written entry points have others, for who calls them.
  loadRegisters(e, (ending.readHere | (ending.liveAfter & (1 << RDX))) & CALLER_SAVED & ~(1 << RAX));
}

/** After a guest function: rax and the budget are on the stack, rdx is in the block. */
function finish(e: Emitter, ending: Ending, mayChangeRdx = true): void {
  if (ending.isTail) return;
  e.code.set(e.budget);
  e.setRegister(RAX);
  if (mayChangeRdx) loadRegisters(e, ending.liveAfter & (1 << RDX));
}

/** Returns with rax and the budget on the stack; `popBytes` is what leaves the guest stack. */
export function emitReturn(e: Emitter, popBytes: number): void {
  const { code } = e;
  if (e.isResumable) {
    // The caller takes the registers from the block. rdx stands there already, as at every return.
    code.set(e.budget);
    storeBudget(e);
    const result = e.scratch(I64);
    code.set(result);
    e.storeToBlock(RAX, () => code.get(result));
    storeRegisters(e, CALLEE_SAVED);
    e.storeToBlock(RSP, () => e.getRsp(popBytes));
  }
  code.op(OP.return);
}

export function emitRet(e: Emitter, term: Term & { t: 'ret' }): void {
  if (e.signature.changesRdx || e.isResumable) storeRegisters(e, 1 << RDX);
  e.getRegister(RAX);
  e.code.get(e.budget);
  emitReturn(e, 8 + term.popBytes);
}

/** Everything that leaves without coming back: full state, then `fault`. The kind and the pc stand in variables. */
export function emitExitBlock(e: Emitter): void {
  const { code } = e;
  storeAnyRegisters(e, 0xffff);
  storeRspOfVariable(e);
  storePreds(e);
  storeBudget(e);
  code.i32(e.slot);
  code.get(e.variable('kind'));
  emitPc(e);
  code.call(e.unit.imports.fault);
  code.op(OP.unreachable);
}

/** An exception passes while the frame waits in a call. */
export function emitCatchBlock(e: Emitter): void {
  const { code } = e;
  code.get(e.variable('pc'));
  code.if();
  storeAnyRegisters(e, CALLEE_SAVED);
  storeRspOfVariable(e);
  code.i32(e.slot);
  emitPc(e);
  code.i32(0);
  code.call(e.unit.imports.capture);
  code.end();
}

function emitPc(e: Emitter): void {
  e.code.i32(e.fn.entry);
  e.code.get(e.variable('pc'));
  e.code.op(OP['i32.add']);
}
