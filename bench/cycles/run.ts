// insmod and rmmod of hello.ko, over and over in one kernel, against Linux under QEMU: node tools/run.mjs bench/cycles/run.ts

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import { boot } from '../../src/host/node/main.ts';
import { ColdLinux } from '../linux/machine.ts';
import { median, quantile, table } from '../report.ts';

const MODULE = join(process.cwd(), 'modules/prebuilt/6.1/hello.ko');
const CYCLES = 500, WARM_UP = 8, ROUNDS = 15, LINUX_CYCLES = 200;

const kernel = boot();
const bytes = readFileSync(MODULE);
const round = (): { wall: number; cpu: number } => {
  const start = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < CYCLES; i++) {
    kernel.insmod(bytes);
    kernel.rmmod('hello');
  }
  const { user, system } = process.cpuUsage(before);
  return { wall: CYCLES / (performance.now() - start) * 1000, cpu: CYCLES / (user + system) * 1e6 };
};
const cold = round();
for (let i = 1; i < WARM_UP; i++) round();
const rounds = Array.from({ length: ROUNDS }, round);
const memory = process.memoryUsage.rss() / (1 << 20);
const wall = rounds.map((one) => one.wall);
const rows: (string | number)[][] = [
  ['kobox', median(wall).toFixed(0), quantile(wall, 0).toFixed(0), median(rounds.map((one) => one.cpu)).toFixed(0)],
  [`  the first ${CYCLES}`, cold.wall.toFixed(0), '-', cold.cpu.toFixed(0)],
];
try {
  const machine = new ColdLinux(loadDefaultAbi().release, MODULE);
  const { text } = await machine.run('hello', LINUX_CYCLES, 'Hello');
  machine.close();
  const rate = (what: string): string => Number(new RegExp(`@@${what} ([\\d.]+)`).exec(text)![1]).toFixed(0);
  rows.push(['Linux in QEMU', rate('cycles'), '-', '-'], ['  with rcu_expedited', rate('expedited'), '-', '-']);
} catch (error) {
  console.log(`without Linux under QEMU: ${(error as Error).message.split('\n')[0]}`);
}
console.log(table(['cycles per second', 'median', 'lowest', 'per CPU second'], rows));
console.log(`rounds of ${CYCLES} cycles, ${WARM_UP} to warm up, ${ROUNDS} measured; ${memory.toFixed(0)} MiB resident at the end. Goal: 3000 per second.`);
