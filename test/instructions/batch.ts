// Generates states, runs them natively and on engines, and collects differences.

import { difference } from './compare.ts';
import { type Case, Generator } from './generator.ts';
import type { InstructionEngine } from './engine.ts';
import type { Outcome, State } from './layout.ts';
import type { NativeEngine } from './native.ts';
import { Random } from './random.ts';
import { SequenceGenerator } from './sequence.ts';

export interface Mismatch { readonly engine: string; readonly test: Case; readonly state: State; readonly what: string }
export interface BatchResult {
  /** States compared, per engine. */
  nrStates: number;
  nrInstructions: number;
  /** States dropped because the processor faulted outside our control, by mnemonic. */
  readonly dropped: Map<string, number>;
  readonly perFamily: Map<string, number>;
  readonly mismatches: Mismatch[];
}

export const STATES_PER_CASE = 16;

export interface Vector { readonly test: Case; readonly state: State; readonly outcome: Outcome }

/** Fresh vectors from the processor, in groups of one instruction. */
export function* freshVectors(native: NativeEngine, seed: number, nrCases: number, only?: ReadonlySet<string>, statesPerCase = STATES_PER_CASE): Generator_ {
  const random = new Random(seed);
  const generator = new Generator(random, only);
  yield* inGroups(native, nrCases, statesPerCase, () => generator.next(), (test) => generator.state(test));
}

function* inGroups(native: NativeEngine, nrCases: number, statesPerCase: number, next: () => Case, stateOf: (test: Case) => State): Generator_ {
  for (let done = 0; done < nrCases;) {
    const group = Math.min(1000, nrCases - done);
    const tests = Array.from({ length: group }, next);
    const jobs = tests.flatMap((test) => Array.from({ length: statesPerCase }, () => ({ test, code: test.code, state: stateOf(test) })));
    const outcomes = native.run(jobs);
    for (let i = 0; i < group; i++) {
      yield jobs.slice(i * statesPerCase, (i + 1) * statesPerCase).map((job, k) => ({ test: job.test, state: job.state, outcome: outcomes[i * statesPerCase + k]! }));
    }
    done += group;
  }
}
type Generator_ = globalThis.Generator<Vector[], void, void>;

/** Sequences with states, as `freshVectors`. */
export function* freshSequences(native: NativeEngine, seed: number, nrCases: number, statesPerCase = STATES_PER_CASE): Generator_ {
  const generator = new SequenceGenerator(new Random(seed));
  yield* inGroups(native, nrCases, statesPerCase, () => generator.next(), () => generator.state());
}

/** Page faults (a wild access by construction) and #UD (not in this processor) are no test. */
export const isUsable = (outcome: Outcome): boolean => outcome.exception !== 0x10e && outcome.exception !== 0x106;

/** Instructions that engines prepare together. */
const BATCH = 250;

export const check = (vectors: Iterable<Vector[]>, engines: readonly InstructionEngine[], maxMismatches = 200): BatchResult => {
  const result: BatchResult = { nrStates: 0, nrInstructions: 0, dropped: new Map(), perFamily: new Map(), mismatches: [] };
  let batch: Vector[][] = [];
  for (const group of vectors) {
    const usable = group.filter((vector) => isUsable(vector.outcome));
    if (usable.length < group.length) count(result.dropped, group[0]!.test.insn.mnemonic, group.length - usable.length);
    if (usable.length === 0) continue;
    batch.push(usable);
    if (batch.length < BATCH) continue;
    checkBatch(batch, engines, result, maxMismatches);
    batch = [];
  }
  if (batch.length > 0) checkBatch(batch, engines, result, maxMismatches);
  return result;
};
const count = (map: Map<string, number>, key: string, n: number): void => void map.set(key, (map.get(key) ?? 0) + n);

const checkBatch = (batch: readonly Vector[][], engines: readonly InstructionEngine[], result: BatchResult, maxMismatches: number): void => {
  for (const engine of engines) {
    engine.prepare(batch.map((group) => group[0]!.test.code));
    for (const [index, group] of batch.entries()) {
      for (const { test, state, outcome } of group) {
        const what = attempt(() => {
          const actual = engine.run(index, state);
          return actual ? difference(test, state, outcome, actual) : '';
        });
        if (what === '') continue;
        if (result.mismatches.length < maxMismatches) result.mismatches.push({ engine: engine.name, test, state, what });
        break;
      }
    }
  }
  for (const group of batch) {
    result.nrInstructions++;
    result.nrStates += group.length;
    count(result.perFamily, group[0]!.test.insn.mnemonic, 1);
  }
};

const attempt = (work: () => string): string => {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
};
