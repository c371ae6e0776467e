// Every scenario, on both engines and for each kernel series whose modules are built, gives the transcript that real Linux gave.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTestAbi, testModules, TEST_SERIES } from '../test-kernel.ts';
import { knownDifferences } from './known-differences.ts';
import { runOnKobox } from './run-scenario.ts';
import { readScenarios, readTranscript } from './scenario.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const scenarios = readScenarios(ROOT);

for (const series of TEST_SERIES) {
  const abi = loadTestAbi(series);
  const modules = testModules(series);
  for (const engine of ['interp', 'wasm'] as const) {
    describe(`transcripts of Linux ${series}, engine ${engine}`, () => {
      for (const scenario of scenarios) {
        const transcript = readTranscript(ROOT, scenario.name, series);
        const missing = scenario.modules.filter((name) => !modules.has(`${name}.ko`));
        const known = knownDifferences[scenario.name];
        const run = !abi || !transcript || missing.length > 0 ? it.skip : known === undefined ? it : it.fails;
        run(`${scenario.name}: ${known ?? scenario.title}`, () => {
          const { status, output, log } = runOnKobox(scenario, modules, { abi: abi!, engine });
          expect({ status, output, log }).toEqual({ status: transcript!.status, output: transcript!.output, log: transcript!.log });
        });
      }
    });
  }
}

it('every scenario has a transcript of each kernel series, and no transcript lacks its scenario', () => {
  const files = fs.readdirSync(path.join(ROOT, 'test/conformance/scenarios')).filter((file) => file.endsWith('.json')).sort();
  expect(files).toEqual(scenarios.flatMap((s) => TEST_SERIES.map((series) => `${s.name}.${series}.json`)).sort());
});
