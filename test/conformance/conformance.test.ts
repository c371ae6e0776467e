// Every scenario, on both engines and for each kernel series whose modules are built, gives the transcript that real Linux gave.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { boot } from '../../src/index.ts';
import { loadTestAbi, testModules, TEST_SERIES } from '../test-kernel.ts';
import { Machine } from './machine.ts';
import { normalise } from './normalise.ts';
import { readScenarios, readTranscript } from './scenario.ts';
import { runScript } from './shell.ts';

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
        it.skipIf(!abi || !transcript || missing.length > 0)(`${scenario.name}: ${scenario.title}`, () => {
          const kernel = boot({ abi: abi!, engine });
          const machine = new Machine(kernel, modules);
          const { status, output } = runScript(machine, scenario.name, scenario.script);
          const log = kernel.dmesg().text.split('\n').filter((line) => line !== '');
          const actual = { status, output: normalise(output, scenario.keep), log: normalise(log, scenario.keep) };
          expect(actual).toEqual({ status: transcript!.status, output: transcript!.output, log: transcript!.log });
        });
      }
    });
  }
}

it('every scenario has a transcript of each kernel series, and no transcript lacks its scenario', () => {
  const files = fs.readdirSync(path.join(ROOT, 'test/conformance/scenarios')).filter((file) => file.endsWith('.json')).sort();
  expect(files).toEqual(scenarios.flatMap((s) => TEST_SERIES.map((series) => `${s.name}.${series}.json`)).sort());
});
