// npm test: prepares a fresh clone, checks types, style and structure, builds the modules, runs every test. The last line is
// `N passed, N failed`; each check counts as one.
//
//   node tools/test.mjs [vitest arguments]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ensureBuilt, ensureDependencies, refuseOldNode } from './bootstrap.mjs';
import { buildModules, installedReleases } from './build-modules.mjs';
import { ensureSystemPackages } from './system-packages.mjs';
import { ROOT } from './project.mjs';

const bin = (...parts) => path.join(ROOT, 'node_modules', ...parts);
const say = (text) => console.log(text);
let passed = 0;
let failed = 0;

async function check(name, work) {
  const start = performance.now();
  let problem;
  try {
    problem = await work();
  } catch (error) {
    problem = error.message;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (problem) {
    failed++;
    say(`FAILED ${name} (${seconds} s)\n${problem}`);
  } else {
    passed++;
    say(`ok     ${name} (${seconds} s)`);
  }
}

/** Runs a Node program; returns its output when it fails. */
function program(...args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error) return error.message;
  return status === 0 ? undefined : `${stdout}${stderr}`.trim() || `exit status ${status}`;
}

/** vitest colours its output wherever CI is set; a log file is no terminal. */
const ENVIRONMENT = process.stdout.isTTY || process.env.FORCE_COLOR ? process.env : { ...process.env, NO_COLOR: '1' };

/** Runs vitest, its output shown as it comes, and adds its counts. */
function runTests(args) {
  const report = path.join(ROOT, 'build', 'test-report.json');
  fs.mkdirSync(path.dirname(report), { recursive: true });
  fs.rmSync(report, { force: true });
  const { status } = spawnSync(process.execPath, [bin('vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env: ENVIRONMENT });
  if (!fs.existsSync(report)) {
    failed++;
    say('FAILED vitest wrote no report');
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
  const brokenFiles = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')).length;
  passed += numPassedTests;
  failed += numFailedTests + brokenFiles;
  if (status !== 0 && numFailedTests + brokenFiles === 0) {
    failed++;
    say(`FAILED vitest ended with status ${status}`);
  }
  if (numPendingTests) say(`${numPendingTests} tests were skipped, for want of what the lines SKIPPED name`);
}

refuseOldNode();
ensureDependencies(say);
const missing = ensureSystemPackages(say);
for (const need of missing) say(`SKIPPED what needs ${need}`);

await check('type check of the core', () => program(bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'));
await check('type check of tools and tests', () => program(bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.tools.json'));
await check('lint', () => program(bin('@biomejs', 'biome', 'bin', 'biome'), 'lint', '--error-on-warnings', '.'));
await check('build', () => ensureBuilt(() => {}));
for (const release of installedReleases()) {
  await check(`modules for ${release}`, () => { buildModules(release); });
  // Bundling TypeScript needs the packages, so it is imported only now.
  await check(`ABI of ${release}`, async () => { await (await import('./test-abis.mjs')).makeTestAbi(release, say); });
}
runTests(process.argv.slice(2));

say(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
