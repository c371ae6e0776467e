// Call traces: return addresses on the kernel stack, by name, innermost first. Linux: arch/x86/kernel/dumpstack.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import { RSP } from '../../ir/ir.ts';
import type { KernelImage } from '../image.ts';
import type { Symbols } from '../services.ts';
import { type KernelCallers, kernelCallers, TAIL_CALLS } from './kernel-callers.table.ts';
import type { CodeState } from './machine-state.ts';
import { frameName, type ReportFrame } from './report.ts';

export interface SourcePosition { readonly file: string; readonly line: number }

export interface TraceParts {
  readonly ram: Ram;
  readonly cpu: Cpu;
  readonly image: KernelImage;
  readonly symbols: Symbols;
  readonly release: readonly [number, number];
  /** Debug information of modules, where there is some. */
  readonly sourceLine?: (address: Ptr) => SourcePosition | undefined;
}

/** Return addresses that fit a stack; more of them are a loop. */
const MAX_FRAMES = 2048;
const CALL_SIZE = 5;
const CALL_OPCODE = 0xe8;

export class CallTraces {
  readonly #parts: TraceParts;
  readonly #callers: KernelCallers;

  constructor(parts: TraceParts) {
    this.#parts = parts;
    this.#callers = kernelCallers(parts.release);
  }

  /** Return addresses above `state`. After a jump into nowhere nothing says how the stack is laid out, so they are guesses. */
  callersOf(state: CodeState, isReliable = true): ReportFrame[] {
    const frames: ReportFrame[] = [];
    for (const step of this.#parts.cpu.unwind(state.pc, Number(state.regs[RSP]!))) {
      if (frames.length >= MAX_FRAMES) break;
      if (frames.length === 0 && step.pc === state.pc) continue;
      const found = this.#frames(step.pc, isReliable && step.isReliable);
      // What is not the address of code was written over a return address: above it the stack means nothing.
      if (found[0]!.symbol === '') break;
      frames.push(...found);
    }
    return frames;
  }

  /**
   * Trace of kernel code in functions `names`, innermost first. Where a module called it: the exported function that was called,
   * then the module's frames. Otherwise what stands around the last of them.
   */
  fromKernel(state: CodeState, names: readonly string[]): ReportFrame[] {
    const callers = this.callersOf(state);
    const last = names.at(-1)!;
    const called = this.calledFunction(callers[0]?.address ?? 0);
    const entry = called === undefined ? undefined : TAIL_CALLS[called] ?? called;
    const outer = callers.length === 0 ? this.#callers[last]?.slice(1) ?? [] : entry === undefined || entry === last ? [] : [entry];
    return [...[...names, ...outer].map((name) => this.kernelFrame(name)), ...callers];
  }

  /** The frame of the instruction itself. */
  frameAt(address: Ptr): ReportFrame {
    const found = this.#parts.symbols.symbolize(address);
    const source = this.#parts.sourceLine?.(address);
    return { address, symbol: found?.name ?? '', offset: found?.offset ?? 0, size: found?.size ?? 0, module: found?.module ?? null, isReliable: true, ...source };
  }
  /** A function of the kernel that is no more than a name here. */
  kernelFrame(name: string): ReportFrame {
    const address = this.#parts.image.callSite(name);
    return { ...this.frameAt(address), address };
  }
  /** The kernel function that the call instruction before `returnAddress` goes to. */
  calledFunction(returnAddress: Ptr): string | undefined {
    const { ram, image } = this.#parts;
    const at = returnAddress - CALL_SIZE;
    if (!ram.has(at, CALL_SIZE) || ram.readU8(at) !== CALL_OPCODE) return undefined;
    return image.textSymbolAt(returnAddress + ram.readI32(at + 1))?.name;
  }

  #frames(returnAddress: Ptr, isReliable: boolean): ReportFrame[] {
    const { image, symbols, sourceLine } = this.#parts;
    const site = image.textSymbolAt(returnAddress);
    if (site) return (this.#callers[site.name] ?? [site.name]).map((name) => ({ ...this.kernelFrame(name), isReliable }));
    // A call that is the last instruction of a function returns to the next one: the name is that of the byte before.
    const found = symbols.symbolize(returnAddress - 1);
    const source = sourceLine?.(returnAddress - 1);
    return [{ address: returnAddress, symbol: found?.name ?? '', offset: found ? found.offset + 1 : 0, size: found?.size ?? 0, module: found?.module ?? null, isReliable, ...source }];
  }
}

/** A frame as the log shows it: without source line. */
export const traceLine = (frame: ReportFrame): string => ` ${frame.isReliable ? '' : '? '}${frameName(frame)}`;
