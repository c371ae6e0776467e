// Runs guest code: the loop that drives the interpreter from call to call, hands functions to translated code, and takes over what
// that leaves behind. Guest calls use no host stack; a Frame per waiting function is all there is.

import { MemoryFault } from '../base/ram.ts';
import { FunctionCode, type BlockCode } from '../ir/interpreter/code.ts';
import { Interpreter, LEFT } from '../ir/interpreter/interpreter.ts';
import { PF_WRITE, type Machine } from '../ir/interpreter/machine.ts';
import { RSP, type Term } from '../ir/ir.ts';
import type { ExceptionHandler, GuestFrame, Sleeping, Wait } from './api.ts';
import { VECTOR } from './api.ts';
import type { CodeMap } from './code-map.ts';
import { applyFrame, fetchReport, guestException, guestFrame, isCanonicalAddress, memoryReport, report, trapReport, type Report, type SystemFlags } from './exceptions.ts';
import type { Activation, Frame } from './frames.ts';
import type { RegisterBlock } from './registers.ts';
import { KIND, type CallTarget, type GuestFunction, type HostTarget, type ThunkTarget } from './targets.ts';
import type { Tiering } from './tiering.ts';
import { SleepInAtomicContext, Suspension, WasmExit } from './unwinding.ts';
import type { WasmBackEnd } from './wasm-runtime.ts';
import type { WorkMeter } from './work-meter.ts';

const TWO_32 = 4294967296;
/** Entries into guest code from within host functions that nest at most, for the sake of the host's stack. */
const MAX_NESTING = 150;

/** Where control goes after an event; undefined: the loop is left. */
type Next = BlockCode | undefined;

export interface RunnerParts {
  readonly machine: Machine;
  readonly regs: RegisterBlock;
  readonly code: CodeMap;
  readonly system: SystemFlags;
  readonly meter: WorkMeter;
  /** The kernel's part, read at each event. */
  readonly kernel: { onException: ExceptionHandler; onBudget: (interrupted: GuestFrame) => number };
}

export class Runner {
  readonly machine: Machine;
  readonly regs: RegisterBlock;
  readonly code: CodeMap;
  readonly #system: SystemFlags;
  readonly #meter: WorkMeter;
  readonly #kernel: RunnerParts['kernel'];
  readonly #interpreter: Interpreter;
  #translated: { readonly backEnd: WasmBackEnd; readonly tiering: Tiering } | undefined;
  readonly suspension = new Suspension();
  readonly exit = new WasmExit();
  /** Frames of translated code are being taken off the host's stack and are to be captured. */
  isCapturing = false;

  /** The innermost activation of the context in hand. */
  current: Activation | undefined;
  /** The kernel function that runs, undefined while guest code does. */
  running: HostTarget | undefined;
  /** The guest instruction at which an exception handler runs. */
  interruptedPc: number | undefined;
  nesting = 0;
  /** Lowest rsp of a function with its known depth. */
  stackLimit = 0;
  stackBase = 0;
  /** First step of the block that a `Next` names. */
  #step = 0;

  constructor(parts: RunnerParts) {
    this.machine = parts.machine;
    this.regs = parts.regs;
    this.code = parts.code;
    this.#system = parts.system;
    this.#meter = parts.meter;
    this.#kernel = parts.kernel;
    this.#interpreter = new Interpreter(parts.machine);
  }

  useTranslatedCode(backEnd: WasmBackEnd, tiering: Tiering): void {
    this.#translated = { backEnd, tiering };
  }

  /**
   * Runs until `act` is back at depth `base`, where an exit frame waits: true. False when `act` has to wait (base 0 only).
   * Starts at address `entry`, whose return address is on the guest stack; without `entry`, where the pending wait ended.
   */
  loop(act: Activation, base: number, entry: number | undefined, resumed?: () => IteratorResult<Wait, void>): boolean {
    let event: (() => Next) | undefined = resumed && (() => this.#endWait(act, resumed));
    let start = entry;
    let block: Next;
    for (;;) {
      try {
        if (event) {
          const handle = event;
          event = undefined;
          block = handle();
        } else if (start !== undefined) {
          const address = start;
          start = undefined;
          block = this.#enterAt(act, address);
        }
        while (block !== undefined) block = this.#advance(act, block);
        return true;
      } catch (thrown) {
        event = this.#recover(act, base, thrown);
        if (!event) return false;
      }
    }
  }

  #advance(act: Activation, from: BlockCode): Next {
    const why = this.#interpreter.run(from, this.#step);
    const block = this.#interpreter.block;
    switch (why) {
      case LEFT.call: return this.#call(act, block);
      case LEFT.ret: return this.#return(act, this.#interpreter.targetHigh * TWO_32 + (this.#interpreter.targetLow >>> 0));
      case LEFT.tail: return this.#tail(act, block);
      case LEFT.fault: return this.#fault(act, block, this.#interpreter.step);
      case LEFT.trap: return this.#trap(act, block);
      case LEFT.budget:
        this.#refill(block);
        this.#step = 0;
        return block;
      default: return this.#hot(act, block);
    }
  }

  // Entering blocks and functions

  /** Goes on at the start of a block, which is charged. */
  #into(block: BlockCode): BlockCode {
    if (!this.#interpreter.charge(block)) this.#refill(block);
    this.#step = 0;
    return block;
  }
  #refill(block: BlockCode): void { this.refill(block.code.fn.name, block.block.start); }
  /** The budget is spent. The handler may throw. */
  refill(functionName: string, pc: number): void {
    const { preds } = this.regs;
    const before = preds.slice();
    const outer = this.interruptedPc;
    this.interruptedPc = pc;
    try {
      this.#meter.refill(this.#kernel.onBudget(guestFrame(this.regs, this.#system, functionName, pc)));
    } finally {
      this.interruptedPc = outer;
    }
    // The handler may have called guest code, which gives back registers but not predicates.
    preds.set(before);
  }

  codeOf(fn: GuestFunction): FunctionCode {
    if (fn.code) return fn.code;
    fn.code = new FunctionCode(this.machine, fn.fn, fn);
    if (this.#translated) fn.code.workLimit = this.#translated.tiering.limitOf(fn);
    return fn.code;
  }

  #enterFunction(act: Activation, fn: GuestFunction): Next {
    if (this.nesting > MAX_NESTING) return this.#stackOverflow(act, fn);
    const translated = this.#translated;
    if (translated?.tiering.isTranslated(fn)) return this.#invoke(act, fn, translated.backEnd);
    if (this.regs.get(RSP) - fn.stack.depth < this.stackLimit) return this.#stackOverflow(act, fn);
    return this.#into(this.codeOf(fn).entry);
  }
  /** Runs a translated function to its end. Frames below keep their callee-saved registers here, since it clobbers the block's. */
  #invoke(act: Activation, fn: GuestFunction, backEnd: WasmBackEnd): Next {
    const frame = act.frames.top;
    this.#save(frame);
    backEnd.invoke(fn.slot);
    this.regs.set(RSP, frame.sp);
    return this.#leaveTo(act, frame);
  }
  #save(frame: Frame): void {
    if (frame.hasSaved) return;
    this.regs.saveCalleeSaved(frame.saved);
    frame.hasSaved = true;
  }

  /** A jump to the entry of something; what it returns to is on the guest stack, and its frame on top. */
  #jumpTo(act: Activation, target: CallTarget): Next {
    switch (target.kind) {
      case KIND.guest: return this.#enterFunction(act, target);
      case KIND.host: {
        const pending = this.#runHost(target);
        if (pending) this.#stepPending(act, target, pending.next(), pending);
        return this.#popReturn(act);
      }
      case KIND.special: return this.#thunk(act, target);
    }
  }
  #thunk(act: Activation, { target }: ThunkTarget): Next {
    return target.kind === 'indirect' ? this.#enterAt(act, this.regs.get(target.reg)) : this.#popReturn(act);
  }
  #enterAt(act: Activation, address: number): Next {
    const target = this.code.resolve(address);
    return target ? this.#jumpTo(act, target) : this.#noCode(act, address);
  }

  // Calls and returns

  #call(act: Activation, block: BlockCode): Next {
    const callee = this.#callee(block);
    if (callee === undefined) return this.#callNowhere(act, block);
    if (callee.kind !== KIND.host) {
      this.#pushReturn(act, block);
      return this.#jumpTo(act, callee);
    }
    const pending = this.#runHost(callee);
    if (pending) {
      this.#pushReturn(act, block);
      this.#stepPending(act, callee, pending.next(), pending);
      act.frames.depth--;
    }
    this.machine.addToRsp(8);
    // The kernel function may have removed or changed the code it returns to.
    if (block.code.isStale) return this.#transfer(act, (block.block.term as { next: number }).next, true);
    return this.#into(block.next ?? block.linkNext());
  }
  #tail(act: Activation, block: BlockCode): Next {
    const callee = this.#callee(block);
    if (callee) return this.#jumpTo(act, callee);
    const address = this.#targetOf(block);
    if (!isCanonicalAddress(address)) return this.#raise(act, report(VECTOR.GP), block.block.termPc, block.code.fn.name);
    return this.#transfer(act, address, true);
  }
  /** The target of a call or tail call, cached at the block. */
  #callee(block: BlockCode): CallTarget | undefined {
    const cached = block.callee as CallTarget | undefined;
    const address = this.#targetOf(block);
    if (cached && cached.entry === address && !cached.isRemoved) return cached;
    const callee = this.code.resolve(address);
    block.callee = callee;
    return callee;
  }
  #targetOf(block: BlockCode): number {
    if (block.target) return this.#interpreter.targetHigh * TWO_32 + (this.#interpreter.targetLow >>> 0);
    return (block.block.term as { target: number }).target;
  }
  #pushReturn(act: Activation, block: BlockCode): void {
    const next = (block.block.term as { next: number }).next;
    act.frames.push(next, this.regs.get(RSP) + 8, block.next ?? block.linkNext(), false);
  }
  #callNowhere(act: Activation, block: BlockCode): Next {
    const address = this.#targetOf(block);
    if (!isCanonicalAddress(address)) {
      // The call itself faults, with nothing pushed.
      this.machine.addToRsp(8);
      return this.#raise(act, report(VECTOR.GP), block.block.termPc, block.code.fn.name);
    }
    this.#pushReturn(act, block);
    return this.#noCode(act, address);
  }

  /** The `ret` of code that is no guest function: pops the return address and goes there. */
  #popReturn(act: Activation): Next {
    const low = this.machine.top();
    const address = this.machine.hi * TWO_32 + (low >>> 0);
    this.machine.addToRsp(8);
    return this.#return(act, address);
  }
  /** Control returns to `pc`; rsp is that of the caller already. */
  #return(act: Activation, pc: number): Next {
    const frame = act.frames.top;
    if (frame.pc === pc && frame.sp === this.regs.get(RSP)) return this.#leaveTo(act, frame);
    return this.#strayReturn(act, pc);
  }
  #leaveTo(act: Activation, frame: Frame): Next {
    act.frames.depth--;
    if (frame.hasSaved) this.regs.restoreCalleeSaved(frame.saved);
    if (frame.isExit) return undefined;
    const { block, fn, pc } = frame;
    if (block && !block.code.isStale) return this.#into(block);
    const resumed = fn && !fn.isRemoved ? this.codeOf(fn).blockAt(pc) : undefined;
    return resumed ? this.#into(resumed) : this.#transfer(act, pc, true);
  }
  /** A return address or stack pointer that no call left: a smashed stack, or code that plays with it. */
  #strayReturn(act: Activation, pc: number): Next {
    const sp = this.regs.get(RSP);
    while (!act.frames.top.isExit && act.frames.top.sp < sp) act.frames.depth--;
    const frame = act.frames.top;
    if (frame.pc === pc && frame.sp === sp) return this.#leaveTo(act, frame);
    return this.#transfer(act, pc, true);
  }

  /** Goes to any address: an entry, or an instruction in the middle of a function. */
  #transfer(act: Activation, pc: number, isCharged: boolean): Next {
    const around = this.code.functionAround(pc);
    if (around && (around.entry !== pc || !isCharged)) {
      const position = this.codeOf(around).position(pc);
      if (position) {
        if (isCharged && position.step === 0 && position.block.block.start === pc) return this.#into(position.block);
        this.#step = position.step;
        return position.block;
      }
    }
    return this.#enterAt(act, pc);
  }

  // Kernel functions

  /** Runs a kernel function; a generator that it returns is not started. */
  #runHost(target: HostTarget): Sleeping<void> | undefined {
    // Code that calls the kernel is at a boundary too: what an interrupt has to do comes before what the function does.
    if (this.#meter.isSpent) this.refill(target.name, target.entry);
    this.running = target;
    const pending = target.fn(this.regs);
    if (pending === undefined) this.running = undefined;
    return pending as Sleeping<void> | undefined;
  }
  /** Takes a step of a kernel function: returns when it is done, throws the suspension when it has to wait. */
  #stepPending(act: Activation, target: HostTarget, step: IteratorResult<Wait, void>, pending: Sleeping<void>): void {
    if (step.done) {
      this.running = undefined;
      return;
    }
    if (!act.canSleep) {
      pending.return();
      throw new SleepInAtomicContext(target.name);
    }
    act.pending = pending;
    act.pendingTarget = target;
    act.wait = step.value;
    act.waitRegs.set(this.regs.halves);
    this.isCapturing = true;
    throw this.suspension;
  }
  /** `resumed` continues the pending function. */
  #endWait(act: Activation, resumed: () => IteratorResult<Wait, void>): Next {
    const pending = act.pending!;
    const target = act.pendingTarget!;
    act.pending = undefined;
    this.running = target;
    this.#stepPending(act, target, resumed(), pending);
    return this.#popReturn(act);
  }
  /** A host function called by a wasm frame. */
  callHost(target: HostTarget): void {
    try {
      const pending = this.#runHost(target);
      if (pending) this.#stepPending(this.current!, target, pending.next(), pending);
    } catch (thrown) {
      if (!(thrown instanceof MemoryFault)) throw thrown;
      this.#askKernel(memoryReport(this.machine, thrown), target.entry, target.name);
      this.leaveWasm('resume', 0, this.#resumePc);
    }
  }

  // Exceptions

  #resumePc = 0;
  /** Asks the kernel about an exception; afterwards registers and #resumePc are where it wants to go on. */
  #askKernel(what: Report, pc: number, functionName: string): void {
    const { regs } = this;
    const frame = guestFrame(regs, this.#system, functionName, pc);
    const exception = guestException(what, frame);
    const before = frame.rflags;
    const preds = regs.preds.slice();
    const outer = this.interruptedPc;
    const { running } = this;
    this.interruptedPc = pc;
    this.running = undefined;
    try {
      this.#kernel.onException(exception);
    } finally {
      this.interruptedPc = outer;
    }
    regs.preds.set(preds);
    applyFrame(regs, this.#system, frame, before);
    if (running && frame.pc === pc) throw new Error(`kobox bug: ${running.name} cannot be resumed after a fault`);
    this.#resumePc = frame.pc;
  }
  #raise(act: Activation, what: Report, pc: number, functionName: string): Next {
    this.#askKernel(what, pc, functionName);
    return this.#transfer(act, this.#resumePc, false);
  }
  #fault(act: Activation, block: BlockCode, step: number): Next {
    const { vector, detail, errorCode, address } = this.machine.fault;
    return this.#raise(act, { vector, detail, errorCode, address }, block.pcOf(step), block.code.fn.name);
  }
  #trap(act: Activation, block: BlockCode): Next {
    const { what, pc } = trapReport(block.block.term as Extract<Term, { t: 'trap' }>, block.block.termPc);
    return this.#raise(act, what, pc, block.code.fn.name);
  }
  /** A fetch where there is no code. */
  #noCode(act: Activation, address: number): Next {
    return this.#raise(act, fetchReport(this.machine, address, this.code.wasFreed(address)), address, '');
  }
  #stackOverflow(act: Activation, fn: GuestFunction): Next {
    return this.#raise(act, report(VECTOR.PF, 'stack overflow', PF_WRITE, this.stackBase - 8), fn.entry, fn.name);
  }

  /**
   * After something was thrown: what to do next, undefined when the activation waits. Throws on what is not for this loop.
   * Frames that belong to wasm frames above this loop were captured on the way.
   */
  #recover(act: Activation, base: number, thrown: unknown): (() => Next) | undefined {
    if (thrown === this.suspension && base === 0) {
      this.#adoptCaptured(act);
      return undefined;
    }
    if (thrown === this.exit) {
      this.#adoptCaptured(act);
      return () => this.#takeOver(act);
    }
    if (thrown === this.machine.fault) return () => this.#outOfStack(act);
    if (thrown instanceof MemoryFault) return this.#hostFault(act, thrown);
    if (thrown === this.suspension) while (act.frames.depth > base + 1) act.frames.moveTopTo(act.captured);
    act.frames.depth = base;
    throw thrown;
  }
  #adoptCaptured(act: Activation): void {
    this.isCapturing = false;
    while (act.captured.depth > 0) act.captured.moveTopTo(act.frames);
  }
  #hostFault(act: Activation, thrown: MemoryFault): () => Next {
    const what = memoryReport(this.machine, thrown);
    const { running } = this;
    if (running) return () => this.#raise(act, what, running.entry, running.name);
    // An intrinsic or a device touched memory that is not there.
    const { block, step } = this.#interpreter;
    return () => this.#raise(act, what, block.pcOf(step), block.code.fn.name);
  }
  /** A return address could not be read: rsp is lost. */
  #outOfStack(act: Activation): Next {
    const { vector, errorCode, address } = this.machine.fault;
    return this.#raise(act, report(vector, 'return without a stack', errorCode, address), this.interruptedPc ?? 0, '');
  }

  // Translated code

  /** Leaves wasm frames for the nearest loop, which goes on as `kind` says from the registers in the block. */
  leaveWasm(kind: WasmExit['kind'], slot: number, pc: number): never {
    const { exit } = this;
    exit.kind = kind;
    exit.slot = slot;
    exit.pc = pc;
    exit.regs.set(this.regs.halves);
    this.isCapturing = true;
    throw exit;
  }
  #takeOver(act: Activation): Next {
    const { kind, slot, pc, regs } = this.exit;
    this.regs.halves.set(regs);
    switch (kind) {
      case 'resume': return this.#transfer(act, pc, false);
      case 'no code':
        // The caller's callee-saved registers were in its wasm frame.
        if (act.frames.top.hasSaved) this.regs.restoreCalleeSaved(act.frames.top.saved);
        return this.#noCode(act, pc);
      default: break;
    }
    const fn = this.#translated!.tiering.at(slot) as GuestFunction;
    if (kind === 'stack overflow') return this.#stackOverflow(act, fn);
    const position = fn.isRemoved ? undefined : this.codeOf(fn).position(pc);
    if (!position) return this.#transfer(act, pc, false);
    this.#step = position.step;
    return position.block;
  }

  /** The loop of an interpreted activation is hot; its block was charged. */
  #hot(act: Activation, block: BlockCode): Next {
    const { backEnd, tiering } = this.#translated!;
    const fn = block.code.owner as GuestFunction;
    this.#step = 0;
    if (!tiering.promoteLoop(fn, block.code)) {
      block.code.work = Number.NEGATIVE_INFINITY;
      return block;
    }
    backEnd.resume(fn.slot, block.block.start);
    // It has returned: the address it popped lies below rsp.
    this.machine.addToRsp(-8);
    return this.#popReturn(act);
  }

  /** A wasm frame calls the function of a slot whose code is not in the table. */
  enterSlot(target: CallTarget): void {
    const act = this.current!;
    if (target.kind === KIND.host && !target.isRemoved) {
      this.callHost(target);
      return;
    }
    const translated = this.#translated!;
    if (target.kind === KIND.guest && !target.isRemoved && translated.tiering.isTranslatedForBorder(target)) {
      translated.backEnd.invoke(target.slot);
      return;
    }
    const base = act.frames.depth;
    const low = this.machine.top();
    act.frames.push(this.machine.hi * TWO_32 + (low >>> 0), this.regs.get(RSP) + 8, undefined, true);
    this.nesting++;
    try {
      this.loop(act, base, target.entry);
    } finally {
      this.nesting--;
    }
  }
}
