// Which code stands where: the regions of modules with their functions, kernel text slots, thunks. Finds the target of a transfer
// by address, and the function around an address.

import { KERNEL_BASE } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';
import type { IrFunction } from '../ir/ir.ts';
import { Decoder } from '../x86/decoder.ts';
import type { LiftEnv } from '../x86/lift-function.ts';
import type { CodeRegion, FunctionBounds, HostFunction, SpecialTarget } from './api.ts';
import { GuestFunction, HostTarget, KIND, ThunkTarget, type CallTarget } from './targets.ts';

export type Lifter = (env: LiftEnv, entry: number) => IrFunction;

/** Kernel functions that do not come back; the compiler puts nothing sensible behind a call to them. */
export const NO_RETURN: ReadonlySet<string> = new Set([
  'panic', '__stack_chk_fail', 'do_exit', 'make_task_dead', 'kthread_complete_and_exit', 'kthread_exit', '__module_put_and_kthread_exit', 'fortify_panic', '__fortify_panic',
  'nmi_panic', 'machine_real_restart', 'rewind_stack_and_make_dead', 'cpu_startup_entry', '__ubsan_handle_builtin_unreachable', 'x86_64_start_kernel',
]);

/** Freed regions that are remembered. */
const MAX_FREED = 64;

class Region {
  readonly base: number;
  readonly end: number;
  readonly owner: string;
  /** By address. */
  readonly functions: readonly FunctionBounds[];
  readonly entered = new Set<GuestFunction>();

  constructor(region: CodeRegion) {
    this.base = region.base;
    this.end = region.base + region.size;
    this.owner = region.owner;
    this.functions = [...region.functions].sort((a, b) => a.address - b.address || a.size - b.size);
  }

  /** The last function that begins at or before `address` and covers it. */
  functionAt(address: number): FunctionBounds | undefined {
    let low = 0;
    let high = this.functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.functions[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.functions[low - 1];
    return found && address < found.address + found.size ? found : undefined;
  }
}

export class CodeMap implements LiftEnv {
  readonly decoder = new Decoder();
  readonly #ram: Ram;
  readonly #lift: Lifter;
  readonly #targets = new Map<number, CallTarget>();
  readonly #hosts: HostTarget[] = [];
  #regions: Region[] = [];
  /** Where code was that is gone: a jump there finds no page, unlike one into data. */
  #freed: { readonly base: number; readonly end: number }[] = [];

  constructor(ram: Ram, lift: Lifter) {
    this.#ram = ram;
    this.#lift = lift;
  }

  defineHost(address: number, name: string, fn: HostFunction): void {
    const known = this.#targets.get(address);
    if (known) known.isRemoved = true;
    const target = new HostTarget(address, name, fn, this.#hosts.length, NO_RETURN.has(name));
    this.#hosts.push(target);
    this.#targets.set(address, target);
  }
  defineThunk(address: number, target: SpecialTarget): void {
    this.#targets.set(address, new ThunkTarget(address, target));
  }
  host(index: number): HostTarget { return this.#hosts[index]!; }

  addRegion(region: CodeRegion): void {
    const added = new Region(region);
    this.#freed = this.#freed.filter((freed) => freed.end <= added.base || freed.base >= added.end);
    this.#regions.push(added);
  }
  /** Returns the functions that are no more. */
  removeRegion(base: number): readonly GuestFunction[] {
    const region = this.#regions.find((candidate) => candidate.base === base);
    if (!region) return [];
    this.#regions = this.#regions.filter((candidate) => candidate !== region);
    this.#freed = [...this.#freed.slice(1 - MAX_FREED), { base: region.base, end: region.end }];
    for (const fn of region.entered) {
      fn.isRemoved = true;
      fn.forget();
      this.#targets.delete(fn.entry);
    }
    return [...region.entered];
  }
  /** Drops what was made from bytes in [address, address+size); returns the functions that were. */
  invalidate(address: number, size: number): readonly GuestFunction[] {
    const touched: GuestFunction[] = [];
    for (const region of this.#regions) {
      if (address + size <= region.base || address >= region.end) continue;
      for (const fn of region.entered) {
        if (!fn.isLifted || !coversAny(fn.fn, address, address + size)) continue;
        fn.forget();
        touched.push(fn);
      }
    }
    return touched;
  }

  /** What a transfer to `address` reaches; undefined where there is no code. */
  resolve(address: number): CallTarget | undefined {
    return this.#targets.get(address) ?? this.#enter(address);
  }
  #enter(address: number): GuestFunction | undefined {
    const region = this.#regionAt(address);
    if (!region) return undefined;
    const name = region.functionAt(address)?.name ?? '';
    const fn = new GuestFunction(address, name, () => this.#lift(this, address));
    region.entered.add(fn);
    this.#targets.set(address, fn);
    return fn;
  }
  #regionAt(address: number): Region | undefined {
    return this.#regions.find((region) => address >= region.base && address < region.end);
  }

  /** The function that an instruction belongs to, by symbol; entered there or not. Undefined outside of all code. */
  functionAround(pc: number): GuestFunction | undefined {
    const region = this.#regionAt(pc);
    if (!region) return undefined;
    const symbol = region.functionAt(pc);
    const target = this.resolve(symbol?.address ?? pc);
    return target?.kind === KIND.guest ? target : undefined;
  }
  /** The function in whose stack frame the instruction runs: of a split-off `NAME.cold` it is NAME, which jumps into it. */
  frameOwner(pc: number): GuestFunction | undefined {
    const fn = this.functionAround(pc);
    const whole = fn && /^(.+)\.cold(\.\d+)?$/.exec(fn.name)?.[1];
    for (const symbol of whole === undefined ? [] : (this.#regionAt(pc)?.functions ?? [])) {
      if (symbol.name !== whole) continue;
      const owner = this.resolve(symbol.address);
      if (owner?.kind === KIND.guest && coversAny(owner.fn, pc, pc + 1)) return owner;
    }
    return fn;
  }
  wasFreed(address: number): boolean { return this.#freed.some((freed) => address >= freed.base && address < freed.end); }

  // What the lifter asks.

  readBytes(address: number): Uint8Array | undefined {
    const region = this.#regionAt(address);
    return region && this.#ram.u8.subarray(address - KERNEL_BASE, region.end - KERNEL_BASE);
  }
  special(address: number): SpecialTarget | undefined {
    const target = this.#targets.get(address);
    return target?.kind === KIND.special ? target.target : undefined;
  }
  isNoReturn(address: number): boolean {
    const target = this.#targets.get(address);
    return target?.kind === KIND.host && target.isNoReturn;
  }
  functionAt(address: number): FunctionBounds | undefined { return this.#regionAt(address)?.functionAt(address); }
}

function coversAny(fn: IrFunction, from: number, to: number): boolean {
  for (const block of fn.blocks.values()) {
    // The terminating instruction has at most 15 bytes.
    if (block.start < to && block.termPc + 15 > from) return true;
  }
  return false;
}
