// Callbacks per second of CPU time: timers, work, tasklets, two kernel threads that wake each other.
//   node tools/run.mjs bench/context/deferred.ts [kind...]

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import { boot } from '../../src/index.ts';
import { median, table } from '../report.ts';

const BUILD = join(tmpdir(), 'kobox-bench-context');
/** Kind, callbacks per run, how many per second are wanted (issue 3). */
const KINDS = [['hrtimer', 300_000, 1_000_000], ['timer', 300_000, 1_000_000], ['work', 500_000, 2_000_000], ['tasklet', 300_000, 0], ['ping_pong', 60_000, 300_000]] as const;
const RUNS = 5;

mkdirSync(BUILD, { recursive: true });
for (const name of ['Kbuild', 'context-bench.c']) cpSync(join(process.cwd(), 'bench/context', name), join(BUILD, name));
const headers = readdirSync('/usr/src').find((name) => /^linux-headers-6\.1\..*-amd64$/.test(name));
if (!headers) throw new Error('no kernel headers: apt-get install linux-headers-amd64');
execFileSync('make', ['-s', '-C', `/usr/src/${headers}`, `M=${BUILD}`, 'modules'], { stdio: ['ignore', 'ignore', 'inherit'] });

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const file = readFileSync(join(BUILD, 'context-bench.ko'));
const wanted = process.argv.slice(2);
const rows = KINDS.filter(([kind]) => wanted.length === 0 || wanted.includes(kind)).map(([kind, count, goal]) => {
  const kernel = boot({ abi: loadDefaultAbi() });
  kernel.insmod(file);
  const rates = Array.from({ length: RUNS }, () => {
    const start = cpuMs();
    kernel.call(`bench_${kind}`, count);
    return count / (cpuMs() - start) * 1000;
  });
  return [kind, Math.round(median(rates)).toLocaleString('en'), Math.round(Math.max(...rates)).toLocaleString('en'), goal === 0 ? '' : goal.toLocaleString('en')];
});
console.log(table(['kind', 'per second', 'best', 'goal'], rows));
