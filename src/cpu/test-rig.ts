// A processor with hand-written guest functions, for tests: kernel functions in text slots, one code region, two stacks.

import { addressAt, KERNEL_BASE } from '../base/ptr.ts';
import { Ram } from '../base/ram.ts';
import type { IrFunction } from '../ir/ir.ts';
import { FunctionSketch } from '../ir/sketch.ts';
import { verify } from '../ir/verifier.ts';
import type { GuestException, HostFunction, KernelStack, SpecialTarget } from './api.ts';
import { Processor, type CpuOptions } from './cpu.ts';
import { KERNEL_TEXT_OFFSET } from './layout.ts';

const RAM_SIZE = 32 << 20;
/** In the read-only quarter. */
export const CODE = KERNEL_BASE + 0x1c0_0000;
const FUNCTION_SIZE = 0x1000;
export const DATA = KERNEL_BASE + 0x20_0000;
export const STACK_SIZE = 0x4000;
const STACKS = KERNEL_BASE + 0x10_0000;

export class TestRig {
  readonly ram = new Ram(RAM_SIZE);
  readonly cpu: Processor;
  readonly stack: KernelStack = TestRig.stack(0);
  /** Exceptions seen by the default handler, which throws them. */
  readonly exceptions: GuestException[] = [];
  readonly #functions = new Map<number, IrFunction>();
  readonly #names = new Map<string, number>();
  #nrSlots = 0;

  constructor(options: Partial<CpuOptions> = {}) {
    this.cpu = new Processor({
      ram: this.ram,
      lift: (_env, entry) => this.#functions.get(entry) ?? fallthrough(entry),
      ...options,
    });
    this.cpu.onException = (exception) => {
      this.exceptions.push(exception);
      throw exception;
    };
    this.cpu.useStack(this.stack);
  }

  static stack(number: number): KernelStack {
    const base = STACKS + number * 2 * STACK_SIZE;
    return { base, size: STACK_SIZE, rsp: base + STACK_SIZE };
  }

  /** Address of a kernel function. */
  host(name: string, fn: HostFunction): number {
    const address = this.#slot();
    this.cpu.defineHostFunction(address, name, fn);
    return address;
  }
  thunk(target: SpecialTarget): number {
    const address = this.#slot();
    this.cpu.defineSpecialTarget(address, target);
    return address;
  }
  #slot(): number { return addressAt(KERNEL_TEXT_OFFSET) + 16 * this.#nrSlots++; }

  /** Where the function of that name stands or will stand. */
  at(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const address = CODE + FUNCTION_SIZE * this.#names.size;
    this.#names.set(name, address);
    return address;
  }
  /** Writes a function. */
  guest(name: string, write: (f: FunctionSketch) => FunctionSketch): number {
    const fn = write(new FunctionSketch(name, this.at(name))).build();
    const problems = verify(fn);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    this.#functions.set(fn.entry, fn);
    return fn.entry;
  }
  /** Adds the code region with all functions named so far. */
  load(): void {
    this.cpu.addCode({
      base: CODE, size: FUNCTION_SIZE * 64, owner: 'test',
      functions: [...this.#names].map(([name, address]) => ({ name, address, size: FUNCTION_SIZE })),
    });
  }
}

/** Bytes that nobody wrote. */
const fallthrough = (entry: number): IrFunction => new FunctionSketch('', entry).trap({ t: 'trap', kind: 'undecodable', vector: 6, name: '(bad)' }).build();
