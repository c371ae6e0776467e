// How fast functions of a module are lifted and translated: node tools/run.mjs bench/compute/translate.ts FILE.ko [rounds]
// Every function is translated with those it calls directly, as the processor does; every module is compiled and checked.

import { readFileSync } from 'node:fs';
import { KERNEL_BASE } from '../../src/base/ptr.ts';
import { Ram } from '../../src/base/ram.ts';
import { CPU_BLOCK_OFFSET } from '../../src/cpu/layout.ts';
import type { TranslationUnit, WasmRuntime } from '../../src/cpu/wasm-runtime.ts';
import { translateUnit } from '../../src/cpu/wasm/translate.ts';
import { REGISTER_NAMES, type IrFunction } from '../../src/ir/ir.ts';
import { liftFunction, type LiftEnv } from '../../src/x86/lift-function.ts';
import { loadModule } from './loader.ts';

const [path, roundsText] = process.argv.slice(2);
if (!path) throw new Error('usage: translate.ts FILE.ko [rounds]');
const ram = new Ram(64 << 20);
const module = loadModule(readFileSync(path), ram);
const byAddress = new Map(module.functions.map((fn) => [fn.address, fn]));
const NO_RETURN = new Set(['__stack_chk_fail', 'panic', 'fortify_panic']);
const env: LiftEnv = {
  readBytes: (address) => {
    const section = module.text.find((text) => address >= text.address && address < text.address + text.size);
    return section && ram.u8.subarray(address - KERNEL_BASE, section.address + section.size - KERNEL_BASE);
  },
  special: (address) => {
    const name = module.imports.get(address);
    if (name === '__fentry__') return { kind: 'nop' };
    if (name === '__x86_return_thunk') return { kind: 'return' };
    const thunk = name?.match(/^__x86_indirect_thunk_(\w+)$/);
    return thunk ? { kind: 'indirect', reg: REGISTER_NAMES.indexOf(thunk[1] as never) } : undefined;
  },
  isNoReturn: (address) => NO_RETURN.has(module.imports.get(address) ?? ''),
  functionAt: (address) => {
    let low = 0, high = module.functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (module.functions[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const found = module.functions[low - 1];
    return found && address < found.address + found.size ? found : undefined;
  },
};
const slots = new Map(module.functions.map((fn, index) => [fn.address, index + 1]));
const intrinsics: string[] = [];
const runtime: WasmRuntime = {
  ram, blockOffset: CPU_BLOCK_OFFSET, imports: undefined as never,
  callee: (address) => (slots.has(address) ? { kind: 'guest', slot: slots.get(address)!, entry: address } : module.imports.has(address) ? { kind: 'host', index: 1 } : { kind: 'none' }),
  intrinsic: (name) => intrinsics.push(name),
};

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

for (let round = 0; round < Number(roundsText ?? 3); round++) {
  const lifted = new Map<number, IrFunction>();
  const start = cpuMs();
  for (const { address, size } of module.functions) if (size > 0 && !lifted.has(address)) lifted.set(address, liftFunction(env, address));
  const liftMs = cpuMs() - start;
  let bytes = 0, wasmBytes = 0, nrModules = 0, translateMs = 0, compileMs = 0, nrInsns = 0;
  const refused: string[] = [], done = new Set<number>();
  for (const { address } of module.functions) {
    if (done.has(address) || !lifted.has(address)) continue;
    const units = group(address, lifted, done);
    const before = cpuMs();
    const translation = translateUnit(runtime, units);
    const code = translation?.unit.builder.encode();
    translateMs += cpuMs() - before;
    for (const { slot, fn } of units) {
      bytes += byAddress.get(fn.entry)!.size;
      nrInsns += fn.nrInsns;
      if (!translation?.slots.includes(slot)) refused.push(fn.name);
    }
    if (!code) continue;
    wasmBytes += code.length;
    nrModules++;
    const compileStart = cpuMs();
    if (!WebAssembly.validate(code)) {
      let reason = '';
      try { new WebAssembly.Module(code); } catch (error) { reason = String(error); }
      console.log(`invalid module of ${units.map(({ fn }) => fn.name).join(' ')}: ${reason}`);
    }
    new WebAssembly.Module(code);
    compileMs += cpuMs() - compileStart;
  }
  const rate = (ms: number): string => `${(bytes / 1000 / ms).toFixed(2)} MB/s`;
  console.log(`${lifted.size} functions, ${bytes} bytes, ${nrInsns} instructions; lift ${liftMs.toFixed(0)} ms ${rate(liftMs)}, translate ${translateMs.toFixed(0)} ms ${rate(translateMs)}, `
    + `${nrModules} modules compiled in ${compileMs.toFixed(0)} ms, ${(wasmBytes / bytes).toFixed(2)} bytes of wasm per byte, refused ${refused.length}`);
  if (round === 0 && refused.length > 0) console.log(`refused: ${refused.slice(0, 40).join(' ')}`);
}

function group(root: number, lifted: ReadonlyMap<number, IrFunction>, done: Set<number>): TranslationUnit[] {
  const members = [root];
  done.add(root);
  for (const member of members) {
    for (const { term } of lifted.get(member)!.blocks.values()) {
      if ((term.t !== 'call' && term.t !== 'tail') || typeof term.target !== 'number' || members.length >= 16) continue;
      if (lifted.has(term.target) && !done.has(term.target)) {
        done.add(term.target);
        members.push(term.target);
      }
    }
  }
  return members.map((address) => ({ slot: slots.get(address)!, fn: lifted.get(address)! }));
}
