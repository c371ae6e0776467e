// Instructions on both engines against a real processor: recorded vectors everywhere, fresh random ones where there is gcc on
// x86-64 Linux. `run.ts` does the same at any scale.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type BatchResult, check, freshSequences, freshVectors, STATES_PER_CASE } from './batch.ts';
import { InterpreterEngine } from './interpreter-engine.ts';
import { NativeEngine } from './native.ts';
import { readVectors } from './vector-file.ts';
import { WasmEngine } from './wasm-engine.ts';

const FRESH_STATES = 100_000;
const SEQUENCE_STATES = 50_000;

const describeMismatches = (result: BatchResult): string[] =>
  result.mismatches.slice(0, 10).map(({ engine, test, what }) => `${engine}: ${test.insn.mnemonic} ${[...test.code].map((b) => b.toString(16).padStart(2, '0')).join(' ')}: ${what}`);

describe('instructions', () => {
  it('do what a real processor did (recorded)', () => {
    const data = gunzipSync(readFileSync(new URL('vectors.bin.gz', import.meta.url)));
    const wasm = new WasmEngine();
    const result = check(readVectors(data), [new InterpreterEngine(), wasm]);
    expect(describeMismatches(result)).toEqual([]);
    expect(result.nrStates).toBeGreaterThan(50_000);
    expect(wasm.nrRun).toBeGreaterThan(0.95 * result.nrStates);
  });

  it.skipIf(!NativeEngine.isAvailable())('do what this machine\'s processor does (fresh)', () => {
    const seed = Date.now() % 1_000_000;
    const native = new NativeEngine();
    try {
      const result = check(freshVectors(native, seed, FRESH_STATES / STATES_PER_CASE), [new InterpreterEngine(), new WasmEngine()]);
      console.log(`instructions: seed ${seed}, ${result.nrStates} states of ${result.nrInstructions} instructions`);
      expect(describeMismatches(result), `seed ${seed}`).toEqual([]);
      expect(result.nrStates).toBeGreaterThan(0.9 * FRESH_STATES);
      const sequences = check(freshSequences(native, seed, SEQUENCE_STATES / STATES_PER_CASE), [new InterpreterEngine(), new WasmEngine()]);
      expect(describeMismatches(sequences), `sequences, seed ${seed}`).toEqual([]);
      expect(sequences.nrStates).toBeGreaterThan(0.9 * SEQUENCE_STATES);
    } finally {
      native.dispose();
    }
  });
});
