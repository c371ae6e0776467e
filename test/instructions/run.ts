// Fresh instruction states against the real processor, at any scale.
// node tools/run.mjs test/instructions/run.ts [--states N] [--seed S] [--only mnemonic,mnemonic] [--sequences]

import { check, freshSequences, freshVectors, STATES_PER_CASE } from './batch.ts';
import { InterpreterEngine } from './interpreter-engine.ts';
import { NativeEngine } from './native.ts';
import { WasmEngine } from './wasm-engine.ts';

const option = (name: string, fallback: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
};
const nrStates = Number(option('states', '100000'));
const seed = Number(option('seed', String(Date.now() % 1000000)));
const only = option('only', '');
const native = new NativeEngine();
const wasm = new WasmEngine();
const started = performance.now();
const nrCases = Math.ceil(nrStates / STATES_PER_CASE);
const isSequences = process.argv.includes('--sequences');
const vectors = isSequences ? freshSequences(native, seed, nrCases) : freshVectors(native, seed, nrCases, only ? new Set(only.split(',')) : undefined);
const result = check(vectors, [new InterpreterEngine(), wasm]);
native.dispose();
console.log(`seed ${seed}: ${result.nrStates} states of ${result.nrInstructions} instructions, ${result.perFamily.size} mnemonics, ${result.mismatches.length} mismatches, ${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log(`wasm: ${wasm.nrRun} states, ${wasm.nrRedone} of them finished by the interpreter`);
if (result.dropped.size > 0) console.log(`dropped: ${[...result.dropped].map(([name, n]) => `${name} ${n}`).join(', ')}`);
const shown = new Map<string, number>();
for (const { engine, test, what } of result.mismatches) {
  const key = test.insn.mnemonic;
  shown.set(key, (shown.get(key) ?? 0) + 1);
  if (shown.get(key)! <= 2) console.log(`${engine}: ${key} ${[...test.code].map((b) => b.toString(16).padStart(2, '0')).join(' ')}: ${what}`);
}
if (result.mismatches.length > 0) {
  console.log([...shown].map(([name, n]) => `${name} ${n}`).join(', '));
  process.exitCode = 1;
}
