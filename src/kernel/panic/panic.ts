// Crash reports and what follows from them: WARN, BUG, oopses, complaints, panic. Texts are those of Linux 6.1 and 6.12 (spec
// section 11). Linux: kernel/panic.c, arch/x86/kernel/dumpstack.c, lib/bug.c.

import type { Abi } from '../../abi/abi.ts';
import { INTERRUPT_MASK } from '../../abi/preempt-count.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import { RSP } from '../../ir/ir.ts';
import { KernelPanic, TaskKilled } from '../errors.ts';
import type { KernelImage } from '../image.ts';
import type { Log, Reporter, SourceLine, Symbols, TaintLetter, Tasks } from '../services.ts';
import { CallTraces, type SourcePosition, traceLine } from './call-trace.ts';
import { INTERRUPT_ENTRIES, SLEEPERS } from './kernel-callers.table.ts';
import { type CodeState, codeLine, type ControlRegisters, currentState, PLAIN_CONTROL_REGISTERS, registerLines, systemLines } from './machine-state.ts';
import { frameName, type OopsReport, type ReportFrame, type ReportKind, ReportWriter } from './report.ts';
import type { KernelTaints } from './taints.ts';

export const SIGKILL = 9;
export const SIGSEGV = 11;

export interface PanicOptions {
  readonly panicOnOops?: boolean;
  readonly panicOnWarn?: boolean;
  /** Boot parameter panic=: 0 (stays), seconds until the reboot, negative for at once. */
  readonly panicTimeout?: number;
  /** DMI text: `QEMU Standard PC (i440FX + PIIX, 1996), BIOS ...`; no line without it. */
  readonly hardwareName?: string;
}

/** What the CPU's context is, and how a killed task leaves it. */
export interface ContextState { preemptCount: number; areInterruptsDisabled: boolean }

export interface PanicParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly image: KernelImage;
  readonly log: Log;
  readonly symbols: Symbols;
  readonly tasks: Tasks;
  readonly taints: KernelTaints;
  /** Text of the line `Modules linked in:`. */
  readonly linkedIn: () => string;
  readonly context: ContextState;
  /** Start of what Linux would have mapped around module code at `address`. All of RAM where not given. */
  readonly readableFrom?: (address: Ptr) => Ptr;
  /** The kernel stack in use. */
  readonly stack?: () => { readonly base: Ptr; readonly size: number };
  readonly cpuNumber?: number;
  readonly control?: () => ControlRegisters;
  readonly sourceLine?: (address: Ptr) => SourcePosition | undefined;
  readonly options?: PanicOptions;
}

const LEVEL = { emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, info: 6 } as const;
const CUT_HERE = '------------[ cut here ]------------';
const END_TRACE = '---[ end trace 0000000000000000 ]---';

export class Panic implements Reporter {
  readonly parts: PanicParts;
  readonly traces: CallTraces;
  /** Oopses and warnings since boot. */
  oopsCount = 0;
  warnCount = 0;
  /** Set once the machine has stopped. */
  panicText: string | undefined;
  /** Called with every report, after its lines are in the log. */
  onReport: (report: OopsReport) => void = () => {};
  /** Told of each oops, before it ends the task (die notifiers). */
  onDie: (text: string, errorCode: number, signal: number) => void = () => {};
  /** CR2: the last address that faulted. */
  faultAddress = 0n;
  /** Lines about the code of the first oops, which every later one repeats. */
  #firstOops: readonly string[] | undefined;
  readonly #isNewer: boolean;

  constructor(parts: PanicParts) {
    const [major, minor] = parts.abi.kernelVersion;
    this.parts = parts;
    this.traces = new CallTraces({ ram: parts.ram, cpu: parts.cpu, image: parts.image, symbols: parts.symbols, release: [major, minor], ...(parts.sourceLine ? { sourceLine: parts.sourceLine } : {}) });
    this.#isNewer = major > 6 || (major === 6 && minor >= 4);
  }

  // Warnings

  warn(at: SourceLine, text: string): void {
    const state = this.stateIn(at.symbol);
    this.warnAt(state, { file: at.file, line: at.line, taint: 'W', text, frames: this.kernelTrace(state, at) });
  }

  /** A WARN report about `state`. `text` undefined: the code has printed its own, with the cut-here line. */
  warnAt(state: CodeState, warning: { file: string; line: number; taint: TaintLetter; text: string | undefined; frames?: readonly ReportFrame[] }): void {
    const writer = new ReportWriter(this.parts.log);
    const frames = warning.frames ?? this.#traceOf(state);
    if (warning.text !== undefined) {
      writer.line(LEVEL.warning, CUT_HERE);
      if (warning.text !== '') writer.line(LEVEL.warning, warning.text.replace(/\n$/, ''));
    }
    writer.summary = `WARNING: CPU: ${this.#cpuNumber} PID: ${this.parts.tasks.current.pid} at ${warning.file}:${warning.line} ${frameName(frames[0]!)}`;
    writer.line(LEVEL.warning, writer.summary);
    this.#modules(writer);
    if (this.parts.options?.panicOnWarn) this.panic('kernel: panic_on_warn set ...');
    this.#registers(writer, state, frames[0]!);
    this.#trace(writer, frames.slice(1), state);
    writer.line(LEVEL.warning, END_TRACE);
    this.parts.taints.add(warning.taint);
    this.warnCount++;
    this.#deliver(writer, 'WARN', state.pc, frames);
  }

  // Oopses

  bug(at: SourceLine): never {
    const state = this.stateIn(at.symbol);
    this.bugAt(state, at.file, at.line, this.kernelTrace(state, at));
  }
  bugAt(state: CodeState, file: string, line: number, frames: readonly ReportFrame[] = this.#traceOf(state)): never {
    const writer = new ReportWriter(this.parts.log);
    writer.line(LEVEL.warning, CUT_HERE);
    writer.summary = `kernel BUG at ${file}:${line}!`;
    writer.line(LEVEL.crit, writer.summary);
    this.die(writer, state, { text: 'invalid opcode', errorCode: 0, signal: SIGSEGV, kind: 'BUG', frames });
  }

  /**
   * The body of an oops, then the end of the running task. `isPageFault` adds the CR2 line; `leavesInterruptsOff`: the handler
   * had not turned interrupts on again; `isFatal`: the machine cannot go on; `isLost`: the code jumped to nowhere, so the stack
   * can only be guessed at.
   */
  die(writer: ReportWriter, state: CodeState, death: {
    text: string; errorCode: number; signal: number; kind?: ReportKind; frames?: readonly ReportFrame[];
    isPageFault?: boolean; leavesInterruptsOff?: boolean; isFatal?: boolean; isLost?: boolean;
  }): never {
    const { taints, tasks } = this.parts;
    const frames = death.frames ?? this.#traceOf(state, !death.isLost);
    const number = ++this.oopsCount;
    const dieLine = `${this.#isNewer ? 'Oops: ' : ''}${death.text}: ${death.errorCode.toString(16).padStart(4, '0')} [#${number}] PREEMPT SMP NOPTI`;
    if (writer.summary === '') writer.summary = dieLine;
    writer.line(LEVEL.warning, dieLine);
    const about = this.#registers(writer, state, frames[0]!);
    this.#trace(writer, frames.slice(1), state);
    this.#modules(writer);
    this.onDie(death.text, death.errorCode, SIGSEGV);
    if (death.isPageFault) writer.line(LEVEL.warning, `CR2: ${hex(this.faultAddress)}`);
    writer.line(LEVEL.warning, END_TRACE);
    this.#firstOops ??= about;
    for (const line of [...this.#firstOops, ...this.#systemLines()]) writer.line(LEVEL.warning, line);
    taints.add('D');
    this.#deliver(writer, death.kind ?? 'oops', state.pc, frames);
    const { context } = this.parts;
    if (death.isFatal || (context.preemptCount & INTERRUPT_MASK) !== 0) this.panic('Fatal exception in interrupt');
    if (this.parts.options?.panicOnOops) this.panic('Fatal exception');
    const { pid, comm } = tasks.current;
    if (pid === 0) this.panic('Attempted to kill the idle task!');
    if (death.leavesInterruptsOff || context.areInterruptsDisabled) this.parts.log.printk(LEVEL.info, `note: ${comm}[${pid}] exited with irqs disabled`);
    if (context.preemptCount !== 0) this.parts.log.printk(LEVEL.info, `note: ${comm}[${pid}] exited with preempt_count ${context.preemptCount}`);
    context.areInterruptsDisabled = false;
    context.preemptCount = 0;
    throw new TaskKilled(death.signal, writer.summary);
  }

  // Complaints that let the task go on

  dumpStack(symbols: string | readonly string[] = [], level: number = LEVEL.warning): void {
    const writer = new ReportWriter(this.parts.log);
    this.#stack(writer, ['dump_stack_lvl', ...(typeof symbols === 'string' ? [symbols] : symbols)], level);
  }

  /** __schedule_bug(): the task sleeps where it must not. `symbols`: the kernel functions that led there, innermost first. */
  schedulingWhileAtomic(symbols: readonly string[] = ['schedule', ...this.#sleeperFrames()]): void {
    const { tasks, context, taints, log } = this.parts;
    const writer = new ReportWriter(log);
    writer.summary = `BUG: scheduling while atomic: ${tasks.current.comm}/${tasks.current.pid}/0x${(context.preemptCount + 1).toString(16).padStart(8, '0')}`;
    writer.line(LEVEL.err, writer.summary);
    this.#modules(writer);
    this.#stack(writer, ['dump_stack_lvl', this.#isNewer ? '__schedule_bug' : '__schedule_bug.cold', '__schedule', ...symbols]);
    taints.add('W');
    this.#deliver(writer, 'complaint', 0, writer.frames);
  }

  #sleeperFrames(): readonly string[] {
    const [caller] = this.callers();
    return SLEEPERS[(caller === undefined ? undefined : this.traces.calledFunction(caller)) ?? ''] ?? [];
  }

  /** The watchdog's report about code that does not give the processor back. */
  softLockup(state: CodeState, seconds: number): void {
    const { tasks, taints, log } = this.parts;
    const writer = new ReportWriter(log);
    const frames = this.#traceOf(state);
    writer.summary = `watchdog: BUG: soft lockup - CPU#${this.#cpuNumber} stuck for ${seconds}s! [${tasks.current.comm}:${tasks.current.pid}]`;
    writer.line(LEVEL.emerg, writer.summary);
    this.#modules(writer);
    this.#registers(writer, state, frames[0]!);
    this.#trace(writer, frames.slice(1), state);
    taints.add('L');
    this.#deliver(writer, 'soft lockup', state.pc, frames);
  }

  /** panic(): the machine stops. `symbols`: kernel functions above panic() in the trace. */
  panic(text: string, symbols: readonly string[] = []): never {
    const { log, taints, options } = this.parts;
    const message = `Kernel panic - not syncing: ${text.replace(/\n$/, '')}`;
    const isFirst = this.panicText === undefined;
    this.panicText = message;
    if (!isFirst) throw new KernelPanic(message);
    const writer = new ReportWriter(log);
    writer.summary = message;
    writer.line(LEVEL.emerg, message);
    // After an oops the trace is in the log already.
    if (!taints.has('D')) this.#stack(writer, this.#isNewer ? ['panic', ...symbols] : ['dump_stack_lvl', 'panic', ...symbols]);
    writer.line(LEVEL.emerg, 'Kernel Offset: disabled');
    const timeout = options?.panicTimeout ?? 0;
    if (timeout > 0) writer.line(LEVEL.emerg, `Rebooting in ${timeout} seconds..`);
    if (timeout === 0) writer.line(LEVEL.emerg, `---[ end ${message} ]---`);
    this.#deliver(writer, 'panic', 0, writer.frames);
    throw new KernelPanic(message);
  }

  /** Return addresses above the exported function that runs now, innermost first. */
  callers(): Ptr[] { return this.traces.callersOf(this.stateIn('stack_trace_save')).map((frame) => frame.address); }

  // Parts of reports

  /** State of kernel code that is in `symbol` now. */
  stateIn(symbol: string): CodeState { return currentState(this.parts.ram, this.parts.image.callSite(symbol)); }

  get #cpuNumber(): number { return this.parts.cpuNumber ?? 0; }

  /** The instruction and its callers. */
  #traceOf(state: CodeState, isReliable = true): ReportFrame[] { return [this.traces.frameAt(state.pc), ...this.traces.callersOf(state, isReliable)]; }
  /** Trace of kernel code in `symbol`, which a module may have called. `frames`, `via`: as in SourceLine. */
  kernelTrace(state: CodeState, { symbol, frames, via = [] }: Pick<SourceLine, 'symbol' | 'frames' | 'via'>): ReportFrame[] {
    if (frames) return [...[symbol, ...frames].map((name) => this.traces.kernelFrame(name)), ...this.traces.callersOf(state)];
    return [this.traces.kernelFrame(symbol), ...this.traces.fromKernel(state, [symbol, ...via]).slice(1)];
  }

  #modules(writer: ReportWriter): void {
    const linkedIn = this.parts.linkedIn();
    writer.line(LEVEL.warning, linkedIn === '' ? 'Modules linked in:' : `Modules linked in: ${linkedIn}`);
  }

  /** CPU line to control registers; returns the lines that later oopses repeat. */
  #registers(writer: ReportWriter, state: CodeState, top: ReportFrame): string[] {
    this.#header(writer, LEVEL.warning);
    const { ram, image, readableFrom } = this.parts;
    const about = [`RIP: 0010:${frameName(top)}`, codeLine(ram, state.pc, image.isText(state.pc) ? undefined : readableFrom?.(state.pc)), ...registerLines(state)];
    for (const line of [...about, ...this.#systemLines()]) writer.line(LEVEL.warning, line);
    return about;
  }
  #systemLines(): string[] { return systemLines(this.parts.ram, this.parts.control?.() ?? PLAIN_CONTROL_REGISTERS, this.faultAddress); }

  #header(writer: ReportWriter, level: number): void {
    const { abi, tasks, taints, options } = this.parts;
    const { pid, comm, uid } = tasks.current;
    const build = abi.version.split(' ')[0];
    const packageVersion = /Debian \S+/.exec(abi.version)?.[0];
    writer.line(level, `CPU: ${this.#cpuNumber} ${this.#isNewer ? `UID: ${uid} ` : ''}PID: ${pid} Comm: ${comm.slice(0, 20)} ${taints.text} ${abi.release} ${build}${packageVersion === undefined ? '' : `  ${packageVersion}`}`);
    if (this.#isNewer && taints.mask !== 0) writer.line(level, `Tainted: ${taints.names}`);
    if (options?.hardwareName !== undefined) writer.line(level, `Hardware name: ${options.hardwareName}`);
  }

  /** The frames of an interrupt first, then those of the task it came into. */
  #trace(writer: ReportWriter, all: readonly ReportFrame[], state: CodeState, level: number = LEVEL.warning): void {
    writer.line(level, 'Call Trace:');
    const at = all.findIndex((frame) => INTERRUPT_ENTRIES[frame.symbol] !== undefined);
    if (at >= 0) {
      const { entry, interrupted } = INTERRUPT_ENTRIES[all[at]!.symbol]!;
      writer.line(level, ' <IRQ>');
      for (const frame of all.slice(0, at + 1)) writer.line(level, traceLine(frame));
      for (const text of [' </IRQ>', ' <TASK>', traceLine(this.traces.kernelFrame(entry))]) writer.line(level, text);
      const top = this.traces.kernelFrame(interrupted[0]);
      for (const line of [`RIP: 0010:${frameName(top)}`, codeLine(this.parts.ram, top.address), ...registerLines(state)]) writer.line(level, line);
      for (const frame of [...interrupted.slice(1).map((name) => this.traces.kernelFrame(name)), ...all.slice(at + 1)]) writer.line(level, traceLine(frame));
      writer.line(level, ' </TASK>');
      return;
    }
    writer.line(level, ' <TASK>');
    for (const frame of all) writer.line(level, traceLine(frame));
    writer.line(level, ' </TASK>');
  }

  /** dump_stack() from inside of `symbols`. */
  #stack(writer: ReportWriter, symbols: readonly string[], level: number = LEVEL.warning): void {
    const state = this.stateIn(symbols[0]!);
    const frames = this.traces.fromKernel(state, symbols).filter((frame) => frame.symbol !== 'dump_stack');
    writer.frames.push(...frames);
    this.#header(writer, level);
    this.#trace(writer, frames, state, level);
  }

  #deliver(writer: ReportWriter, kind: ReportKind, address: Ptr, frames: readonly ReportFrame[]): void {
    if (writer.frames !== frames) writer.frames.push(...frames);
    this.onReport(writer.report(kind, address));
  }
}

const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0');
export const stackPointer = (state: CodeState): number => Number(state.regs[RSP]!);
