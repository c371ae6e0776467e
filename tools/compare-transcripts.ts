// Shows where kobox and real Linux differ, scenario by scenario: - is Linux's line, + is kobox's.
//
//   node tools/run.mjs tools/compare-transcripts.ts [--series 6.1] [--engine interp|wasm] [--lines N] [SCENARIO...]
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runOnKobox } from '../test/conformance/run-scenario.ts';
import { readScenarios, readTranscript } from '../test/conformance/scenario.ts';
import { loadTestAbi, type Series, TEST_SERIES, testModules } from '../test/test-kernel.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { series: { type: 'string', default: '6.1' }, engine: { type: 'string', default: 'wasm' }, lines: { type: 'string', default: '20' } },
});
const root = path.resolve(path.dirname(process.argv[1]!), '..');
const series = TEST_SERIES.find((candidate) => candidate === values.series) as Series;
const engine = values.engine === 'interp' ? 'interp' : 'wasm';
const abi = loadTestAbi(series);
const modules = testModules(series);
if (!abi) throw new Error(`there is no ABI of ${series}: node tools/test-abis.mjs`);

/** Longest common subsequence, as a diff without context. */
function difference(a: readonly string[], b: readonly string[]): string[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) {
    lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  }
  const lines: string[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) { i++; j++; }
    else if (j >= b.length || (i < a.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) lines.push(`  - ${a[i++]}`);
    else lines.push(`  + ${b[j++]}`);
  }
  return lines;
}

let nrEqual = 0;
let nrDifferent = 0;
for (const scenario of readScenarios(root).filter((candidate) => !positionals.length || positionals.includes(candidate.name))) {
  const expected = readTranscript(root, scenario.name, series);
  if (!expected || scenario.modules.some((name) => !modules.has(`${name}.ko`))) continue;
  let lines: string[];
  try {
    const actual = runOnKobox(scenario, modules, { abi, engine });
    const status = (value: number | null): string[] => [`exit status ${value}`];
    lines = difference([...status(expected.status), ...expected.output, ...expected.log], [...status(actual.status), ...actual.output, ...actual.log]);
  } catch (error) {
    lines = [`  ! ${error instanceof Error ? error.stack : String(error)}`];
  }
  if (lines.length === 0) nrEqual++;
  else {
    nrDifferent++;
    const limit = Number(values.lines);
    console.log([`${scenario.name}:`, ...lines.slice(0, limit), ...(lines.length > limit ? [`  ... ${lines.length - limit} more`] : [])].join('\n'));
  }
}
console.log(`${nrEqual} equal, ${nrDifferent} different (Linux ${series}, engine ${engine})`);
