// Runs the scenarios of test/conformance/ on real Linux and stores what it printed, showing what changed since the last time.
//
//   node tools/record-transcripts.mjs [--release RELEASE]... [--dry-run] [SCENARIO]...
//
// Without --release: every installed kernel series (build-modules.mjs). --dry-run compares and stores nothing; its exit
// status is 1 when something differs. Needs what tools/linux/ needs, and gcc, make and kernel headers for the modules.
import fs from 'node:fs';
import path from 'node:path';
import { buildModules, installedReleases } from './build-modules.mjs';
import { LinuxMachine } from './linux/machine.mjs';
import { loadTypeScript } from './load-ts.mjs';
import { ROOT } from './project.mjs';

const { normalise } = await loadTypeScript('test/conformance/normalise.ts');
const { readScenarios, transcriptFile } = await loadTypeScript('test/conformance/scenario.ts');

const args = process.argv.slice(2);
const isDryRun = args.includes('--dry-run');
const named = args.flatMap((arg, i) => (arg === '--release' ? [args[i + 1]] : []));
const wanted = args.filter((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--release');

/** Lines of a change shown per transcript. */
const SHOWN = 20;

/** Lines that only one side has, as a small diff without context. */
function changes(before, after) {
  const count = (lines) => lines.reduce((map, line) => map.set(line, (map.get(line) ?? 0) + 1), new Map());
  const [old, now] = [count(before), count(after)];
  const only = (lines, other, sign) => [...lines].flatMap(([line, n]) => Array(Math.max(0, n - (other.get(line) ?? 0))).fill(`  ${sign} ${line}`));
  return [...only(old, now, '-'), ...only(now, old, '+')];
}

/** Stores a transcript; returns what is different from the stored one, as text. */
function store(file, transcript) {
  const text = `${JSON.stringify(transcript, null, 1)}\n`;
  const before = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
  if (!isDryRun) fs.writeFileSync(file, text);
  if (!before) return 'new';
  const same = (key) => JSON.stringify(before[key]) === JSON.stringify(transcript[key]);
  if (['status', 'output', 'log'].every(same)) return '';
  const lines = [...changes(before.output, transcript.output), ...changes(before.log, transcript.log)];
  if (!same('status')) lines.unshift(`  exit status ${before.status} -> ${transcript.status}`);
  if (!lines.length) lines.push('  (the order of lines)');
  return ['changed', ...lines.slice(0, SHOWN), ...(lines.length > SHOWN ? [`  ... and ${lines.length - SHOWN} more lines`] : [])].join('\n');
}

let nrChanged = 0;
for (const release of named.length ? named : installedReleases()) {
  const series = /^\d+\.\d+/.exec(release)[0];
  const { folder } = buildModules(release, { say: console.error });
  const scenarios = readScenarios(ROOT).filter((s) => !wanted.length || wanted.includes(s.name));
  const needed = new Set(scenarios.flatMap((s) => s.modules));
  const machine = await LinuxMachine.prepare({
    release,
    modules: [...needed].map((name) => path.join(folder, `${name}.ko`)),
    scenarios: scenarios.map((s) => [s.name, s.script]),
    say: console.error,
  });
  try {
    for (const scenario of scenarios) {
      const { status, output, log } = await machine.run(scenario.name);
      const transcript = { kernel: release, status, output: normalise(output, scenario.keep), log: normalise(log, scenario.keep) };
      const change = store(transcriptFile(ROOT, scenario.name, series), transcript);
      if (change) nrChanged++;
      console.log(`${release} ${scenario.name}: ${change || 'unchanged'}${status === null ? ' (the machine did not survive)' : ''}`);
    }
  } finally {
    machine.close();
  }
}
console.log(`${nrChanged} transcripts ${isDryRun ? 'differ' : 'are new or changed'}`);
process.exitCode = isDryRun && nrChanged ? 1 : 0;
