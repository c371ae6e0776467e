// Exceptions of guest code: an expected fault is fixed up, a WARN is reported and skipped, everything else ends the task (or the
// machine). Linux: arch/x86/kernel/traps.c, arch/x86/mm/fault.c, lib/bug.c.

import type { Ptr } from '../../base/ptr.ts';
import type { MemoryFault } from '../../base/ram.ts';
import type { GuestException, GuestFrame } from '../../cpu/api.ts';
import { VECTOR } from '../../cpu/api.ts';
import { TaskKilled } from '../errors.ts';
import type { BugEntry } from '../module/bug-table.ts';
import { faultSummary, isCanonical, isUserRange, pageFaultLines, PF } from './fault-text.ts';
import { applyFixup, type FixupEntry } from './fixup.ts';
import { generalProtectionText } from './general-protection.ts';
import type { CodeState } from './machine-state.ts';
import { type Panic, SIGKILL, SIGSEGV, stackPointer } from './panic.ts';
import { frameName, type ReportFrame, ReportWriter } from './report.ts';
import { taintLetter } from './taints.ts';

/** One entry of a `__bug_table`, wherever it is. */
export type BugSite = Omit<BugEntry, 'address'>;

/** What modules say about their own instructions. */
export interface FaultTables {
  bugEntry(address: Ptr): BugSite | undefined;
  exceptionFixup(address: Ptr): FixupEntry | undefined;
}

const UD2_SIZE = 2;
const EFLAGS_IF = 0x200;
const SOFT_LOCKUP_SECONDS = 22;

/** Vectors whose report is their name alone. */
const NAMES: Readonly<Record<number, string>> = {
  [VECTOR.DE]: 'divide error', [VECTOR.OF]: 'overflow', [VECTOR.BR]: 'bounds', [VECTOR.UD]: 'invalid opcode', [VECTOR.NM]: 'device not available', [VECTOR.DF]: 'double fault',
  [VECTOR.TS]: 'invalid TSS', [VECTOR.NP]: 'segment not present', [VECTOR.SS]: 'stack segment', [VECTOR.BP]: 'int3', [VECTOR.DB]: 'debug',
};

export class Exceptions {
  readonly #panic: Panic;
  readonly #tables: FaultTables;
  readonly #hashPointer: (address: Ptr) => string;

  constructor(panic: Panic, tables: FaultTables, hashPointer: (address: Ptr) => string) {
    this.#panic = panic;
    this.#tables = tables;
    this.#hashPointer = hashPointer;
  }

  /** For `cpu.onException`. Returns where the guest goes on; throws TaskKilled or KernelPanic. */
  readonly handle = (exception: GuestException): 'resume' => {
    const { frame } = exception;
    if (exception.vector === VECTOR.UD && exception.detail === '' && this.#bug(frame)) return 'resume';
    const fixup = exception.detail === '' ? this.#tables.exceptionFixup(frame.pc) : undefined;
    if (fixup && applyFixup(frame, fixup, exception.vector)) return 'resume';
    return this.#oops(exception, this.#stateOf(frame));
  };

  /**
   * For `cpu.onBudget`. Differs from Linux: nobody can interrupt a task that never gives the processor back, so after the report
   * of the watchdog it is ended.
   */
  readonly exhausted = (frame: GuestFrame): never => {
    this.#panic.softLockup(this.#stateOf(frame), SOFT_LOCKUP_SECONDS);
    throw new TaskKilled(SIGKILL, 'soft lockup');
  };

  /** An access of the kernel's own code, in `symbol`, to memory that a module pointed it at. */
  readonly kernelFault = (fault: MemoryFault, symbol = 'load_module'): never => {
    const state = this.#panic.stateIn(symbol);
    return this.#access(state, BigInt(fault.address), fault.isWrite ? PF.write : 0, this.#panic.kernelTrace(state, { symbol }));
  };

  #stateOf(frame: GuestFrame): CodeState { return { pc: frame.pc, regs: frame.regs, rflags: frame.rflags }; }

  /** The `ud2` of a WARN (true: go on behind it) or a BUG; false where no table knows it. */
  #bug(frame: GuestFrame): boolean {
    const site = this.#tables.bugEntry(frame.pc);
    if (!site) return false;
    const state = this.#stateOf(frame);
    if (!site.isWarning) this.#panic.bugAt(state, site.file, site.line);
    if (!(site.isOnce && site.isDone)) {
      if (site.isOnce) site.markDone();
      this.#panic.warnAt(state, { file: site.file, line: site.line, taint: taintLetter(site.taint) ?? 'W', text: site.hasCutHere ? undefined : '' });
    }
    frame.pc += UD2_SIZE;
    return true;
  }

  #oops(exception: GuestException, state: CodeState): never {
    const { vector, errorCode, detail } = exception;
    if (detail === 'stack overflow') return this.#stackOverflow(state);
    switch (vector) {
      case VECTOR.PF: return this.#access(state, BigInt(exception.address), errorCode);
      case VECTOR.GP: return this.#generalProtection(state);
      default: break;
    }
    const writer = new ReportWriter(this.#panic.parts.log);
    // Not a fault of the module: kobox cannot run this instruction, and says so.
    if (detail !== '') writer.line(1, `kobox: ${detail} at ${this.#nameOf(state.pc)}`);
    return this.#panic.die(writer, state, { text: NAMES[vector] ?? `exception ${vector}`, errorCode, signal: SIGSEGV, isFatal: vector === VECTOR.BP || vector === VECTOR.DF });
  }

  /** An access to memory that is not there: the processor calls it a page fault only if the address could be one. */
  #access(state: CodeState, address: bigint, errorCode: number, frames?: readonly ReportFrame[]): never {
    return isCanonical(address) ? this.#pageFault(state, address, errorCode, frames) : this.#generalProtection(state, frames);
  }

  #pageFault(state: CodeState, address: bigint, errorCode: number, frames?: readonly ReportFrame[]): never {
    const panic = this.#panic;
    panic.faultAddress = address;
    const writer = new ReportWriter(panic.parts.log);
    for (const [level, text] of pageFaultLines(address, errorCode, panic.parts.tasks.current.uid)) writer.line(level, text);
    writer.summary = faultSummary(address);
    return panic.die(writer, state, {
      text: 'Oops', errorCode, signal: SIGKILL, isPageFault: true, leavesInterruptsOff: !this.#turnsInterruptsOn(state, address, errorCode),
      // A call to NULL has only pushed its return address.
      isLost: (errorCode & PF.fetch) !== 0 && address !== 0n,
      ...(frames ? { frames } : {}),
    });
  }

  /**
   * Whether the page-fault handler had interrupts on when it gave up: it turns them on once it knows that the address is one
   * that user space may have, and that the faulting code may sleep.
   */
  #turnsInterruptsOn(state: CodeState, address: bigint, errorCode: number): boolean {
    const isFetch = (errorCode & PF.fetch) !== 0;
    return isUserRange(address) && !isFetch && (state.rflags & EFLAGS_IF) !== 0 && this.#panic.parts.context.preemptCount === 0;
  }

  #generalProtection(state: CodeState, frames?: readonly ReportFrame[]): never {
    const panic = this.#panic;
    return panic.die(new ReportWriter(panic.parts.log), state, { text: generalProtectionText(panic.parts.ram, state), errorCode: 0, signal: SIGSEGV, isLost: !isCanonical(BigInt(state.pc)), ...(frames ? { frames } : {}) });
  }

  /** The page below the stack was hit. Linux finds itself on the double-fault stack then, and stops. */
  #stackOverflow(state: CodeState): never {
    const panic = this.#panic;
    const { base, size } = panic.parts.stack?.() ?? { base: stackPointer(state), size: 0 };
    const writer = new ReportWriter(panic.parts.log);
    writer.summary = `BUG: TASK stack guard page was hit at ${this.#hashPointer(base - 8)} (stack is ${this.#hashPointer(base)}..${this.#hashPointer(base + size)})`;
    writer.line(0, writer.summary);
    return panic.die(writer, state, { text: 'stack guard page', errorCode: 0, signal: SIGSEGV, isFatal: true });
  }

  #nameOf(pc: Ptr): string { return frameName(this.#panic.traces.frameAt(pc)); }
}
