// A processor with one module in its RAM, and nothing of a kernel around it.

import { KERNEL_BASE } from '../../src/base/ptr.ts';
import { Ram } from '../../src/base/ram.ts';
import { Processor } from '../../src/cpu/cpu.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../src/cpu/layout.ts';
import { createWasmBackEnd } from '../../src/cpu/wasm/back-end.ts';
import { REGISTER_NAMES } from '../../src/ir/ir.ts';
import { loadModule, type LoadedModule } from './loader.ts';

const RAM_SIZE = 64 << 20;
const STACK = KERNEL_BASE + 0x0020_0000, STACK_SIZE = 0x4000;
const PER_CPU = KERNEL_BASE + 0x0080_0000;
const CALLER = KERNEL_BASE + 0x0100_0000 + 0xf_0005;
export const WORK_AREA = KERNEL_BASE + 0x0210_0000;

export class BenchMachine {
  readonly ram = new Ram(RAM_SIZE);
  readonly module: LoadedModule;
  readonly cpu: Processor;

  constructor(file: Uint8Array, engine: 'interp' | 'wasm' = 'wasm') {
    const { ram } = this;
    this.module = loadModule(file, ram);
    this.cpu = new Processor(engine === 'wasm' ? { ram, wasm: createWasmBackEnd } : { ram });
    this.cpu.onException = (exception) => { throw new Error(`exception ${exception.vector} in ${exception.frame.functionName}: ${exception.detail}`); };
    this.cpu.useStack({ base: STACK, size: STACK_SIZE, rsp: STACK + STACK_SIZE });
    ram.view.setBigInt64(CPU_BLOCK_OFFSET + BLOCK.gsBase, BigInt(PER_CPU), true);
    for (const [address, name] of this.module.imports) {
      const thunk = name.match(/^__x86_indirect_thunk_(\w+)$/);
      if (name === '__fentry__') this.cpu.defineSpecialTarget(address, { kind: 'nop' });
      else if (name === '__x86_return_thunk') this.cpu.defineSpecialTarget(address, { kind: 'return' });
      else if (thunk) this.cpu.defineSpecialTarget(address, { kind: 'indirect', reg: REGISTER_NAMES.indexOf(thunk[1] as never) });
      else this.cpu.defineHostFunction(address, name, () => { throw new Error(`call of ${name}`); });
    }
    for (const { address, size } of this.module.text) {
      this.cpu.addCode({ base: address, size, owner: 'bench', functions: this.module.functions.filter((fn) => fn.address >= address && fn.address < address + size) });
    }
  }

  /** Calls a function with two arguments. */
  call(name: string, first: number, second: number): bigint {
    const address = this.module.symbols.get(name);
    if (address === undefined) throw new Error(`no function ${name}`);
    this.cpu.call(address, [first, second], CALLER);
    return this.cpu.lastResult;
  }
}
