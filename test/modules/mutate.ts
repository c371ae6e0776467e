// Loads many mutated modules and reports what became of them:
//   node tools/run.mjs test/modules/mutate.ts --count 100000 [--seed N]
import { runMutations } from './mutation-run.ts';

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

const count = option('count', 100_000);
const seed = option('seed', 1);
const heapBefore = process.memoryUsage().rss;
const start = performance.now();
const { outcomes, failures, slowestMs } = runMutations(count, seed, (done) => {
  if (done % 10_000 === 0) process.stderr.write(`${done} of ${count}, ${Math.round(process.memoryUsage().rss / 1e6)} MB\n`);
});
console.log(`${count} mutated modules from seed ${seed}: ${((performance.now() - start) / 1000).toFixed(1)} s, slowest ${slowestMs.toFixed(1)} ms, resident set ${Math.round(heapBefore / 1e6)} -> ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
for (const [outcome, n] of [...outcomes].sort((a, b) => b[1] - a[1])) console.log(`  ${String(n).padStart(7)} ${outcome.split('\n')[0]}`);
for (const failure of failures.slice(0, 20)) console.log(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
