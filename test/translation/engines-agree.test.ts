// The interpreter and translated code run the same random functions and must agree on results, memory, work done and exceptions.

import { describe, expect, it } from 'vitest';
import { createWasmBackEnd } from '../../src/cpu/wasm/back-end.ts';
import type { CpuOptions } from '../../src/cpu/cpu.ts';
import type { GuestException, Registers, Wait } from '../../src/cpu/api.ts';
import { DATA, TestRig } from '../../src/cpu/test-rig.ts';
import { RAX, RDI, RSI } from '../../src/ir/ir.ts';
import { Random, writeRandomFunction } from './random-ir.ts';

const NR_FUNCTIONS = 5, CALLS = 4, DATA_SIZE = 0x4000;
const FUEL = DATA + DATA_SIZE + 64;

const WAIT: Wait = { kind: 'test' };

/** Everything a run can show, as text: results, memory, work, where the budget ran out, where it slept. */
function run(seed: number, options: Partial<CpuOptions>): string {
  const random = new Random(seed);
  const grant = random.chance(50) ? 1_000_000 : 100 + random.below(400);
  const sleeps = random.chance(50);
  const rig = new TestRig({ ...options, budget: grant });
  const seen: string[] = [];
  rig.cpu.onBudget = ({ functionName, pc }) => {
    seen.push(`budget at ${functionName} ${pc} work ${rig.cpu.workDone}`);
    return grant;
  };
  const caller = rig.host('caller', () => {}) + 5;
  let nrMixed = 0;
  const mixed = (regs: Registers): void => regs.set(RAX, BigInt.asIntN(64, regs.getBig(RDI) * 31n + regs.getBig(RSI)));
  const mix = rig.host('mix', (regs) => {
    if (!sleeps || nrMixed++ % 3 !== 0) return mixed(regs);
    return (function* () {
      seen.push(`sleeps, work ${rig.cpu.workDone}`);
      yield WAIT;
      mixed(regs);
    })();
  });
  const entries: number[] = [];
  for (let i = 0; i < NR_FUNCTIONS; i++) {
    const callees = [mix, ...entries];
    entries.push(rig.guest(`f${i}`, (f) => writeRandomFunction(f, random, { data: DATA, dataSize: DATA_SIZE, fuel: FUEL, callees })));
  }
  rig.load();
  for (let call = 0; call < CALLS; call++) {
    for (let i = 0; i < DATA_SIZE; i += 4) rig.ram.writeU32(DATA + i, Math.imul(i + call, 2654435761));
    rig.ram.writeU32(FUEL, 200);
    const args = Array.from({ length: 6 }, () => random.constant());
    try {
      const running = rig.cpu.callSleeping(entries[NR_FUNCTIONS - 1]!, args, caller);
      while (!running.next().done);
      seen.push(`result ${rig.cpu.lastResult}`);
    } catch (thrown) {
      const { vector, errorCode, address, frame } = thrown as GuestException;
      if (frame === undefined) throw thrown;
      seen.push(`exception ${vector} error ${errorCode} address ${address} at ${frame.functionName} ${frame.pc}`);
    }
    let sum = 0;
    for (let i = 0; i < DATA_SIZE; i += 4) sum = (Math.imul(sum, 31) + rig.ram.readU32(DATA + i)) | 0;
    seen.push(`memory ${sum} work ${rig.cpu.workDone}`);
  }
  return seen.join('\n');
}

const ENGINES: readonly (readonly [string, Partial<CpuOptions>])[] = [
  ['translated from the first call', { wasm: createWasmBackEnd, tiering: { work: 0 } }],
  ['translated after some work, loops resumed', { wasm: createWasmBackEnd, tiering: { work: 20 } }],
];

describe.each(ENGINES)('%s', (_name, options) => {
  const first = Number(process.env['KOBOX_SEED'] ?? 1), count = Number(process.env['KOBOX_SEEDS'] ?? 150);
  it(`agrees with the interpreter on ${count} programs`, () => {
    for (let seed = first; seed < first + count; seed++) expect(run(seed, options), `seed ${seed}`).toBe(run(seed, {}));
  });
});
