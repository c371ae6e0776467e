// Lines of `kobox run --stats`, on standard error.
import { performance } from 'node:perf_hooks';
import type { Kernel } from '../host/node/main.ts';
import { say } from './output.ts';

export function printStats(kernel: Kernel, times: readonly (readonly [what: string, ms: number])[]): void {
  const { parts } = kernel;
  for (const [what, ms] of times) say(`${what.padEnd(32)} ${ms.toFixed(1).padStart(9)} ms`);
  const total = performance.now();
  say(`${'since the start of node'.padEnd(32)} ${total.toFixed(1).padStart(9)} ms`);
  say(`${'resident memory'.padEnd(32)} ${(process.memoryUsage.rss() / (1 << 20)).toFixed(1).padStart(9)} MiB`);
  say(`${'work of module code'.padEnd(32)} ${String(parts.cpu.workDone).padStart(9)} units (engine ${parts.cpu.engine})`);
  say(`${'virtual time'.padEnd(32)} ${(Number(kernel.nowNs) / 1e6).toFixed(3).padStart(9)} ms`);
}
