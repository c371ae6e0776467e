// The least of a runtime around the WebAssembly back end: functions are lifted and translated with their direct callees at
// their first call. What a real processor would go on from (faults, waits) ends the run here.

import { KERNEL_BASE } from '../../src/base/ptr.ts';
import { Ram } from '../../src/base/ram.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../src/cpu/layout.ts';
import { TARGET_CACHE_ENTRIES, TARGET_CACHE_OFFSET, type Callee, type WasmBackEnd } from '../../src/cpu/wasm-runtime.ts';
import { createWasmBackEnd } from '../../src/cpu/wasm/back-end.ts';
import { REGISTER_NAMES, RAX, RDI, RSI, RSP, type IrFunction } from '../../src/ir/ir.ts';
import { liftFunction, type LiftEnv } from '../../src/x86/lift-function.ts';
import { loadModule, type LoadedFunction, type LoadedModule } from './loader.ts';

const RAM_SIZE = 64 << 20;
const STACK_OFFSET = 0x0100_0000 - 0x10000, STACK_SIZE = 0x4000;
const PER_CPU_OFFSET = 0x0080_0000;
export const WORK_AREA = KERNEL_BASE + 0x0210_0000;
const UNIT_BYTES = 64 << 10;

export class BenchMachine {
  readonly ram = new Ram(RAM_SIZE);
  readonly module: LoadedModule;
  readonly backEnd: WasmBackEnd;
  readonly lifted = new Map<number, IrFunction>();
  readonly #slots = new Map<number, number>();
  readonly #bySlot: LoadedFunction[] = [];
  readonly #translated = new Set<number>();
  liftMs = 0;
  translateMs = 0;
  translatedBytes = 0;

  constructor(file: Uint8Array) {
    const { ram } = this;
    this.module = loadModule(file, ram);
    this.backEnd = createWasmBackEnd({
      ram, blockOffset: CPU_BLOCK_OFFSET,
      callee: (address) => this.#callee(address),
      intrinsic: (name) => { throw new Error(`intrinsic ${name}`); },
      imports: {
        hostCall: (index) => { throw new Error(`host call ${index}`); },
        enter: (slot) => {
          this.translate(slot);
          this.backEnd.invoke(slot);
        },
        resolve: () => {
          const target = ram.view.getInt32(CPU_BLOCK_OFFSET + BLOCK.target, true);
          const callee = this.#callee(target);
          if (callee.kind !== 'guest') throw new Error(`indirect call to ${target}`);
          const entry = TARGET_CACHE_OFFSET + ((target >>> 4) & (TARGET_CACHE_ENTRIES - 1)) * 8;
          ram.view.setInt32(entry, target, true);
          ram.view.setInt32(entry + 4, callee.slot, true);
          return callee.slot;
        },
        capture: () => {},
        fault: (slot, kind, pc) => {
          const registers = REGISTER_NAMES.map((name, register) => `${name}=${BigInt.asUintN(64, this.register(register)).toString(16)}`).join(' ');
          throw new Error(`fault of kind ${kind} in ${this.#bySlot[slot]?.name} at +${(pc - this.#bySlot[slot]!.address).toString(16)}: ${registers}`);
        },
        budget: () => { throw new Error('budget spent'); },
        intrinsic: () => { throw new Error('intrinsic'); },
      },
    });
    ram.view.setBigInt64(CPU_BLOCK_OFFSET + BLOCK.gsBase, BigInt(KERNEL_BASE + PER_CPU_OFFSET), true);
    ram.view.setBigInt64(CPU_BLOCK_OFFSET + BLOCK.stackLimit, BigInt(KERNEL_BASE + STACK_OFFSET + 512), true);
  }

  register(register: number): bigint { return this.ram.view.getBigInt64(CPU_BLOCK_OFFSET + BLOCK.regs + register * 8, true); }
  setRegister(register: number, value: bigint): void { this.ram.view.setBigInt64(CPU_BLOCK_OFFSET + BLOCK.regs + register * 8, value, true); }

  /** Calls a function with two arguments. */
  call(name: string, first: number, second: number): bigint {
    const address = this.module.symbols.get(name);
    if (address === undefined) throw new Error(`no function ${name}`);
    this.ram.view.setInt32(CPU_BLOCK_OFFSET + BLOCK.budget, 0x7fff_ffff, true);
    this.setRegister(RDI, BigInt(first));
    this.setRegister(RSI, BigInt(second));
    this.setRegister(RSP, BigInt(KERNEL_BASE + STACK_OFFSET + STACK_SIZE - 64));
    this.backEnd.invoke(this.slot(address));
    return this.register(RAX);
  }

  slot(address: number): number {
    let slot = this.#slots.get(address);
    if (slot === undefined) {
      slot = this.#slots.size + 1;
      this.#slots.set(address, slot);
      this.#bySlot[slot] = this.module.functions.find((fn) => fn.address === address)!;
      this.backEnd.reserve(slot);
    }
    return slot;
  }
  #callee(address: number): Callee {
    return this.module.functions.some((fn) => fn.address === address) ? { kind: 'guest', slot: this.slot(address), entry: address } : { kind: 'none' };
  }

  lift(address: number): IrFunction {
    let fn = this.lifted.get(address);
    if (!fn) {
      const start = performance.now();
      fn = liftFunction(this.#env, address);
      this.liftMs += performance.now() - start;
      this.lifted.set(address, fn);
    }
    return fn;
  }

  /** Translates the function in `slot` with its callees. */
  translate(slot: number): void {
    const units: { slot: number; fn: IrFunction }[] = [];
    const work = [this.#bySlot[slot]!];
    let bytes = 0;
    for (let next = work.shift(); next && bytes < UNIT_BYTES; next = work.shift()) {
      if (this.#translated.has(next.address)) continue;
      this.#translated.add(next.address);
      bytes += next.size;
      const fn = this.lift(next.address);
      units.push({ slot: this.slot(next.address), fn });
      for (const { term } of fn.blocks.values()) {
        if ((term.t !== 'call' && term.t !== 'tail') || typeof term.target !== 'number') continue;
        const callee = this.module.functions.find((candidate) => candidate.address === term.target);
        if (callee) work.push(callee);
      }
    }
    const start = performance.now();
    const refused = this.backEnd.translate(units);
    this.translateMs += performance.now() - start;
    this.translatedBytes += bytes;
    if (refused.length > 0) throw new Error(`not translated: ${refused.map((s) => this.#bySlot[s]!.name).join(' ')}`);
  }

  readonly #env: LiftEnv = {
    readBytes: (addr) => {
      const offset = addr - KERNEL_BASE;
      return this.module.functions.some((fn) => addr >= fn.address && addr < fn.address + fn.size) ? this.ram.u8.subarray(offset, offset + 64) : undefined;
    },
    special: (addr) => {
      const name = this.module.imports.get(addr);
      if (name === '__fentry__') return { kind: 'nop' };
      if (name === '__x86_return_thunk') return { kind: 'return' };
      const thunk = name?.match(/^__x86_indirect_thunk_(\w+)$/);
      return thunk ? { kind: 'indirect', reg: REGISTER_NAMES.indexOf(thunk[1] as never) } : undefined;
    },
    isNoReturn: (addr) => this.module.imports.get(addr) === '__stack_chk_fail',
    functionAt: (addr) => this.module.functions.find((fn) => addr >= fn.address && addr < fn.address + fn.size),
  };
}
