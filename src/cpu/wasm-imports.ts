// What translated code imports (wasm-runtime.ts), on top of the runner.

import type { Ram } from '../base/ram.ts';
import { KERNEL_BASE } from '../base/ptr.ts';
import { RSP } from '../ir/ir.ts';
import { isCanonical } from '../ir/interpreter/machine.ts';
import { KIND } from './targets.ts';
import type { GuestFunction } from './targets.ts';
import type { Runner } from './runner.ts';
import type { Tiering } from './tiering.ts';
import { EXIT, TARGET_CACHE_ENTRIES, TARGET_CACHE_OFFSET, type Callee, type RuntimeImports, type WasmRuntime } from './wasm-runtime.ts';

interface IntrinsicCall { readonly name: string; readonly args: readonly (number | bigint)[] }

/** `tiering` is given after the back end that it needs, hence the function. */
export class TranslatedCodeRuntime implements WasmRuntime {
  readonly ram: Ram;
  readonly blockOffset: number;
  readonly imports: RuntimeImports;
  readonly #runner: Runner;
  readonly #tiering: () => Tiering;
  readonly #intrinsics: IntrinsicCall[] = [];
  readonly #intrinsicIds = new Map<string, number>();
  readonly #targetCache: Int32Array<ArrayBuffer>;

  constructor(ram: Ram, blockOffset: number, runner: Runner, tiering: () => Tiering) {
    this.ram = ram;
    this.blockOffset = blockOffset;
    this.#runner = runner;
    this.#tiering = tiering;
    this.#targetCache = new Int32Array(ram.memory.buffer, TARGET_CACHE_OFFSET, 2 * TARGET_CACHE_ENTRIES);
    this.clearTargetCache();
    this.imports = {
      hostCall: (index) => runner.callHost(runner.code.host(index)),
      enter: (slot) => runner.enterSlot(tiering().at(slot)),
      resolve: () => this.#resolve(),
      capture: (slot, site, rspIsEntry) => this.#capture(slot, site, rspIsEntry),
      fault: (slot, kind, pc) => {
        // The block at pc is charged: once there is budget again, the interpreter goes on there.
        if (kind === EXIT.budget) runner.refill((tiering().at(slot) as GuestFunction).name, pc);
        runner.leaveWasm(kind === EXIT.stackOverflow ? 'stack overflow' : 'redo', slot, pc);
      },
      budget: (slot, pc) => runner.refill((tiering().at(slot) as GuestFunction).name, pc),
      intrinsic: (id, slot, pc) => this.#runIntrinsic(id, slot, pc),
    };
  }

  callee(address: number): Callee {
    const target = this.#runner.code.resolve(address);
    if (target?.kind === KIND.host) return target.fn.reads === undefined ? { kind: 'host', index: target.index } : { kind: 'host', index: target.index, reads: target.fn.reads };
    if (target?.kind === KIND.guest) return { kind: 'guest', slot: this.#tiering().slotOf(target), entry: target.entry };
    return { kind: 'none' };
  }

  intrinsic(name: string, args: readonly (number | bigint)[]): number {
    const key = `${name} ${args.join(' ')}`;
    const known = this.#intrinsicIds.get(key);
    if (known !== undefined) return known;
    this.#intrinsicIds.set(key, this.#intrinsics.length);
    return this.#intrinsics.push({ name, args }) - 1;
  }
  #runIntrinsic(id: number, slot: number, pc: number): void {
    const { machine, regs } = this.#runner;
    const { name, args } = this.#intrinsics[id]!;
    const { target } = regs;
    machine.hi = Math.floor(target / 4294967296) | 0;
    try {
      machine.intrinsic(name, args, target | 0);
    } catch (thrown) {
      if (thrown !== machine.fault) throw thrown;
      // The interpreter runs it again and reports the fault.
      this.#runner.leaveWasm('redo', slot, pc);
    }
  }

  #resolve(): number {
    const address = this.#runner.regs.target;
    const target = isCanonical(Math.floor(address / 4294967296) | 0) ? this.#runner.code.resolve(address) : undefined;
    if (!target) return this.#runner.leaveWasm('no code', 0, address);
    const slot = this.#tiering().slotOf(target);
    if (address < 0 && address >= KERNEL_BASE) {
      const entry = 2 * ((address >>> 4) & (TARGET_CACHE_ENTRIES - 1));
      this.#targetCache[entry] = address;
      this.#targetCache[entry + 1] = slot;
    }
    return slot;
  }
  /** Targets may have gone or changed. An empty entry holds an address that belongs to another one. */
  clearTargetCache(): void {
    this.#targetCache.fill(-1);
    this.#targetCache[2 * (TARGET_CACHE_ENTRIES - 1)] = 0;
  }

  #capture(slot: number, site: number, rspIsEntry: number): void {
    const { isCapturing, current, regs } = this.#runner;
    if (site === 0 || !isCapturing) return;
    const fn = this.#tiering().at(slot) as GuestFunction;
    const sp = regs.get(RSP) + (rspIsEntry ? fn.stack.at(site)! : 0);
    const frame = current!.captured.push(site, sp, undefined, false);
    frame.fn = fn;
    regs.saveCalleeSaved(frame.saved);
    frame.hasSaved = true;
  }
}
