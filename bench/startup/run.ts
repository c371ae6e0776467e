// From the start of a process to the first line of hello.ko's log and to the end, against `node -e 0` and a cold boot of Linux:
// node tools/run.mjs bench/startup/run.ts   KOBOX_BENCH_RUNS=N for other than 21 runs

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import { ColdLinux } from '../linux/machine.ts';
import { median, quantile, table } from '../report.ts';

const RUNS = Number(process.env['KOBOX_BENCH_RUNS'] ?? 21);
const LINUX_RUNS = 3;
const MODULE = join(process.cwd(), 'modules/prebuilt/6.1/hello.ko');
/** In the first line that the module itself prints. */
const MARKER = 'Hello 0';
const RUN_HELLO = ['bin/kobox.js', 'run', MODULE];

interface Subject { readonly name: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv; readonly first: number[]; readonly total: number[] }

/** In milliseconds; the first line is NaN for a program that prints none. */
function time(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ first: number; total: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '', first = Number.NaN;
    child.on('error', reject);
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (Number.isNaN(first) && text.includes(MARKER)) first = performance.now() - start;
    });
    child.on('exit', (status) => {
      if (status === 0) resolve({ first, total: performance.now() - start });
      else reject(new Error(`node ${args.join(' ')} ended with status ${status}`));
    });
  });
}

function peakMiB({ args, env }: Subject): number {
  const { output } = spawnSync(process.execPath, ['--require', './bench/startup/peak-memory.cjs', ...args], { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  return Number(output[3]!.toString()) / 1024;
}

async function measureLinux(): Promise<(string | number)[] | undefined> {
  try {
    const machine = new ColdLinux(loadDefaultAbi().release, MODULE);
    const runs = [];
    for (let i = 0; i < LINUX_RUNS; i++) runs.push(await machine.run('hello', 0, MARKER));
    machine.close();
    return [median(runs.map((run) => run.firstLineMs)), median(runs.map((run) => run.ms)), Math.max(...runs.map((run) => run.peakMiB))];
  } catch (error) {
    console.log(`without Linux under QEMU: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
}

const cache = mkdtempSync(join(tmpdir(), 'kobox-bench-cache-'));
const env = { ...process.env, XDG_CACHE_HOME: cache };
const subject = (name: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): Subject => ({ name, args, env: { ...env, ...extra }, first: [], total: [] });
const subjects = [
  subject('node -e 0', ['-e', '0']),
  subject('kobox run hello.ko', RUN_HELLO),
  subject('  without kept code', RUN_HELLO, { NODE_DISABLE_COMPILE_CACHE: '1' }),
];
// The first run of each warms the host's file cache, and leaves the compiled code for the next ones.
for (let run = 0; run <= RUNS; run++) {
  for (const { args, env: childEnv, first, total } of subjects) {
    const measured = await time(args, childEnv);
    if (run === 0) continue;
    first.push(measured.first);
    total.push(measured.total);
  }
}
const base = median(subjects[0]!.total);
const ms = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(0));
const rows = subjects.map((one) => [one.name, ms(median(one.first)), ms(median(one.total)), ms(quantile(one.total, 0.1)), (median(one.total) / base).toFixed(2), peakMiB(one).toFixed(0)]);
rmSync(cache, { recursive: true, force: true });
const linux = await measureLinux() as number[] | undefined;
if (linux) rows.push(['Linux in QEMU, cold', ms(linux[0]!), ms(linux[1]!), '-', (linux[1]! / base).toFixed(2), linux[2]!.toFixed(0)]);
console.log(table(['', 'first line ms', 'median ms', 'best tenth ms', 'times node', 'peak MiB'], rows));
console.log(`${RUNS} runs each, in turn; Linux ${LINUX_RUNS}. Goal: at most 3 times node, 120 MiB.`);
