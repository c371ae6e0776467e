// The virtual processor: what the kernel uses to define its functions, add modules' code, and call into it (api.ts). It puts
// the parts together; `runner.ts` does the running.

import type { Ptr } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';
import { assert } from '../base/assert.ts';
import { Machine, type OutsideMemory } from '../ir/interpreter/machine.ts';
import { RAX, RCX, RDI, RDX, RSI, RSP } from '../ir/ir.ts';
import { CpuModel, type CpuHooks } from '../x86/cpu-model.ts';
import { liftFunction } from '../x86/lift-function.ts';
import type { CodeRegion, Cpu, ExceptionHandler, GuestFrame, GuestWord, HostFunction, KernelStack, Registers, Sleeping, SpecialTarget, Wait } from './api.ts';
import { CodeMap, type Lifter } from './code-map.ts';
import { guestFrame } from './exceptions.ts';
import { Activation } from './frames.ts';
import { IntrinsicMachine } from './intrinsics.ts';
import { CPU_BLOCK_OFFSET, CPU_BLOCK_SIZE, READ_ONLY_SHARE } from './layout.ts';
import { RegisterBlock, registerOf } from './registers.ts';
import { Runner } from './runner.ts';
import { DEFAULT_LIMITS, Tiering, type TieringLimits } from './tiering.ts';
import { unwindStack } from './unwinder.ts';
import { TranslatedCodeRuntime } from './wasm-imports.ts';
import type { WasmBackEndFactory } from './wasm-runtime.ts';
import { WorkMeter } from './work-meter.ts';

export interface CpuOptions {
  readonly ram: Ram;
  /** What the processor says about itself and the machine behind it; one without ports and clock by default. */
  readonly model?: CpuModel;
  /** Makes the WebAssembly back end; without it everything is interpreted. */
  readonly wasm?: WasmBackEndFactory;
  readonly tiering?: TieringLimits;
  /** Memory that is not RAM. */
  readonly outside?: OutsideMemory;
  /** Work units granted at first, and again as long as nobody sets `onBudget`. */
  readonly budget?: number;
  readonly lift?: Lifter;
}

const DEFAULT_BUDGET = 1_000_000_000;
/** Room that functions may use without a check: what the kernel keeps at the low end of a stack. */
const STACK_GUARD = 64;
const ARGUMENTS = [RDI, RSI, RDX, RCX, 8, 9] as const;
const TWO_32 = 4294967296;

export class Processor implements Cpu {
  readonly engine: 'interp' | 'wasm';
  onException: ExceptionHandler = (exception) => {
    throw new Error(`kobox bug: exception ${exception.vector} and no handler`);
  };
  onBudget: (interrupted: GuestFrame) => number;
  readonly model: CpuModel;
  readonly #ram: Ram;
  readonly #regs: RegisterBlock;
  readonly #machine: Machine;
  readonly #code: CodeMap;
  readonly #meter: WorkMeter;
  readonly #runner: Runner;
  readonly #wasm: { readonly runtime: TranslatedCodeRuntime; readonly tiering: Tiering } | undefined;
  #stack: KernelStack = { base: 0, size: 0, rsp: 0 };
  /** Activations of plain calls, by nesting depth. */
  readonly #pool: Activation[] = [];
  #poolDepth = 0;
  /** Activations of calls that may sleep, for the next ones. */
  readonly #sleepers: Activation[] = [];
  #resultLow = 0;
  #resultHigh = 0;

  constructor(options: CpuOptions) {
    const { ram } = options;
    this.model = options.model ?? new CpuModel(0, BARE_MACHINE);
    const blockOffset = CPU_BLOCK_OFFSET + this.model.number * CPU_BLOCK_SIZE;
    const grant = options.budget ?? DEFAULT_BUDGET;
    this.engine = options.wasm ? 'wasm' : 'interp';
    this.onBudget = () => grant;
    this.#ram = ram;
    this.#regs = new RegisterBlock(ram, blockOffset);
    this.#machine = new Machine({ ram, ...machineViews(this.#regs), readOnlyFrom: Math.floor(ram.sizeBytes * (1 - READ_ONLY_SHARE)) });
    if (options.outside) this.#machine.outside = options.outside;
    const intrinsics = new IntrinsicMachine(this.model, this.#machine, this.#regs);
    this.#machine.intrinsic = (name, args, low) => intrinsics.run(name, args, this.#machine.hi * TWO_32 + (low >>> 0));
    this.#code = new CodeMap(ram, options.lift ?? liftFunction);
    this.#meter = new WorkMeter(this.#regs.budget, grant);
    this.#runner = new Runner({ machine: this.#machine, regs: this.#regs, code: this.#code, system: this.model, meter: this.#meter, kernel: this });
    this.#wasm = options.wasm && this.#translated(options.wasm, blockOffset, options.tiering ?? DEFAULT_LIMITS);
  }

  #translated(makeBackEnd: WasmBackEndFactory, blockOffset: number, limits: TieringLimits): { runtime: TranslatedCodeRuntime; tiering: Tiering } {
    const runtime: TranslatedCodeRuntime = new TranslatedCodeRuntime(this.#ram, blockOffset, this.#runner, () => tiering);
    const backEnd = makeBackEnd(runtime);
    const tiering: Tiering = new Tiering(this.#code, backEnd, limits);
    this.#runner.useTranslatedCode(backEnd, tiering);
    return { runtime, tiering };
  }

  get workDone(): number { return this.#meter.done; }
  /** Has `onBudget` called after at most `work` more units. */
  limitBudget(work: number): void { this.#meter.limit(work); }
  /** Module code runs, rather than a function of the kernel that it has called, or nothing. */
  get isInGuestCode(): boolean { return this.#runner.current !== undefined && this.#runner.running === undefined; }
  /**
   * Runs `work` between two instructions of the code that runs, which goes on as if nothing had been. For the hooks of the CpuModel,
   * at which all registers are in the block.
   */
  interrupt(work: () => void): void {
    const preds = this.#regs.preds.slice();
    try {
      work();
    } finally {
      this.#regs.preds.set(preds);
    }
  }
  get registers(): Registers { return this.#regs; }
  get lastResult(): bigint { return (BigInt(this.#resultHigh) << 32n) | BigInt(this.#resultLow >>> 0); }

  // Code

  defineHostFunction(address: Ptr, name: string, fn: HostFunction): void { this.#code.defineHost(address, name, fn); }
  defineSpecialTarget(address: Ptr, target: SpecialTarget): void { this.#code.defineThunk(address, target); }
  addCode(region: CodeRegion): void { this.#code.addRegion(region); }
  removeCode(base: Ptr): void {
    const removed = this.#code.removeRegion(base);
    this.#wasm?.tiering.drop(removed);
    this.#wasm?.runtime.clearTargetCache();
  }
  invalidate(address: Ptr, size: number): void {
    const dropped = this.#code.invalidate(address, size);
    this.#wasm?.tiering.drop(dropped);
  }

  // Calls

  call(address: Ptr, args: readonly GuestWord[], from: Ptr): number {
    const act = this.#pool[this.#poolDepth] ?? this.#newPooled();
    this.#poolDepth++;
    this.#enter(act);
    try {
      this.#prepare(act, args, from);
      this.#runner.loop(act, 0, address);
      this.#keepResult();
    } finally {
      this.#leave(act);
      this.#poolDepth--;
    }
    return this.#result;
  }
  #newPooled(): Activation {
    const act = new Activation(false);
    this.#pool.push(act);
    return act;
  }

  *callSleeping(address: Ptr, args: readonly GuestWord[], from: Ptr): Sleeping<number> {
    const rest = this.start(address, args, from);
    return rest ? yield* rest : this.#result;
  }

  start(address: Ptr, args: readonly GuestWord[], from: Ptr): Sleeping<number> | undefined {
    const act = this.#sleepers.pop() ?? new Activation(true);
    this.#enter(act);
    let isDone = true;
    try {
      this.#prepare(act, args, from);
      isDone = this.#runner.loop(act, 0, address);
      this.#keepResult();
    } finally {
      if (isDone) {
        this.#leave(act);
        this.#regs.set(RSP, act.outerSp);
        this.#sleepers.push(act);
      } else this.#suspend(act);
    }
    return isDone ? undefined : this.#goOn(act);
  }
  /** The rest of a call that waits. */
  *#goOn(act: Activation): Sleeping<number> {
    let isInside = false;
    try {
      for (let isDone = false; !isDone;) {
        const pending = act.pending!;
        let resume: () => IteratorResult<Wait, void>;
        try {
          const value = yield act.wait!;
          resume = () => pending.next(value);
        } catch (thrown) {
          resume = () => pending.throw(thrown);
        }
        this.#enter(act);
        isInside = true;
        this.#regs.halves.set(act.waitRegs);
        isDone = this.#runner.loop(act, 0, undefined, resume);
        if (isDone) continue;
        this.#suspend(act);
        isInside = false;
      }
      this.#keepResult();
    } finally {
      if (isInside) {
        this.#leave(act);
        this.#regs.set(RSP, act.outerSp);
      }
      act.pending?.return();
      act.pending = undefined;
    }
    this.#sleepers.push(act);
    return this.#result;
  }

  get #result(): number { return this.#resultHigh * TWO_32 + (this.#resultLow >>> 0); }
  #keepResult(): void {
    this.#resultLow = this.#regs.halves[2 * RAX]!;
    this.#resultHigh = this.#regs.halves[2 * RAX + 1]!;
  }

  /** The kernel's registers are set aside until `#leave`: guest code may change all of them. */
  #enter(act: Activation): void {
    const runner = this.#runner;
    act.outerRegs.set(this.#regs.halves);
    act.outerRunning = runner.running;
    act.isFromHost = runner.running !== undefined;
    act.interruptedPc = runner.interruptedPc;
    act.parent = runner.current;
    runner.current = act;
    runner.running = undefined;
    runner.interruptedPc = undefined;
    runner.nesting++;
  }
  #leave(act: Activation): void {
    const runner = this.#runner;
    this.#regs.halves.set(act.outerRegs);
    runner.current = act.parent;
    runner.running = act.outerRunning;
    runner.interruptedPc = act.interruptedPc;
    runner.nesting--;
  }
  /** As `#leave`, but rsp stays below the waiting frames: whoever borrows this stack must not overwrite them. */
  #suspend(act: Activation): void {
    this.#leave(act);
    this.#regs.set(RSP, registerOf(act.waitRegs, RSP));
  }

  #prepare(act: Activation, args: readonly GuestWord[], from: Ptr): void {
    const regs = this.#regs;
    act.outerSp = regs.get(RSP);
    assert(act.outerSp !== 0, 'a kernel stack is selected');
    act.frames.depth = 0;
    act.captured.depth = 0;
    for (let i = args.length - 1; i >= 6; i--) this.#push(args[i]!);
    for (let i = 0; i < args.length && i < 6; i++) regs.set(ARGUMENTS[i]!, asNumber(args[i]!));
    // al: no vector registers are used by a variadic call.
    regs.set(RAX, 0);
    act.frames.push(from, regs.get(RSP), undefined, true);
    this.#push(from);
    act.entrySp = regs.get(RSP);
  }
  #push(word: GuestWord): void {
    if (typeof word === 'number') {
      this.#machine.push(word | 0, Math.floor(word / TWO_32) | 0);
      return;
    }
    const big = BigInt.asIntN(64, BigInt(word));
    this.#machine.push(Number(BigInt.asIntN(32, big)), Number(big >> 32n));
  }

  // Stacks

  useStack(stack: KernelStack): KernelStack {
    const previous = this.#stack;
    previous.rsp = this.#regs.get(RSP);
    this.#stack = stack;
    this.#regs.set(RSP, stack.rsp);
    const limit = stack.base + STACK_GUARD;
    this.#regs.stackLimit = limit;
    this.#runner.stackLimit = limit;
    this.#runner.stackBase = stack.base;
    return previous;
  }

  unwind(pc: number, rsp: number): Iterable<{ readonly pc: number; readonly sp: number; readonly isReliable: boolean }> {
    return unwindStack(this.#ram, this.#code, this.#stack, this.#runner.current, pc, rsp);
  }

  /** State of the context in hand, for a stack dump by a kernel function: it stands in that function's text slot. */
  currentFrame(): GuestFrame {
    const { running } = this.#runner;
    return guestFrame(this.#regs, this.model, running?.name ?? '', running?.entry ?? 0);
  }
}

const asNumber = (word: GuestWord): number | bigint => (typeof word === 'boolean' ? Number(word) : word);

const machineViews = (regs: RegisterBlock): { regs: Int32Array; preds: Uint8Array; bases: Int32Array; budget: Int32Array } =>
  ({ regs: regs.halves, preds: regs.preds, bases: regs.bases, budget: regs.budget });

/** Empty ports, no model-specific registers, a clock that stands. */
const BARE_MACHINE: CpuHooks = {
  portIn: () => -1, portOut: () => {}, timestamp: () => 0n, random: () => 0n, readMsr: () => undefined, writeMsr: () => false,
  interruptsChanged: () => {}, pagingChanged: () => {},
};
