// Compute inside a module against the same C compiled natively: node tools/run.mjs bench/compute/run.ts [kernel...]
// Builds both with gcc and kbuild, runs each kernel natively, then in one machine, then natively again, and prints CPU times.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, table } from '../report.ts';
import { BenchMachine, WORK_AREA } from './machine.ts';

const SOURCE = join(process.cwd(), 'bench/compute');
const BUILD = join(tmpdir(), 'kobox-bench-compute');
const NATIVE_RUNS = 7, WARM_UP = 12, RUNS = 15;

function build(): void {
  mkdirSync(BUILD, { recursive: true });
  cpSync(SOURCE, BUILD, { recursive: true });
  execFileSync('gcc', ['-O2', '-o', 'native', 'native.c', 'native-kernels.c'], { cwd: BUILD });
  const headers = readdirSync('/usr/src').find((name) => /^linux-headers-.*-amd64$/.test(name));
  if (!headers) throw new Error('no kernel headers: apt-get install linux-headers-amd64');
  execFileSync('make', ['-s', '-C', `/usr/src/${headers}`, `M=${BUILD}`, 'modules'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function runNative(name: string): { result: bigint; ms: number[] } {
  const lines = execFileSync(join(BUILD, 'native'), [name, String(NATIVE_RUNS)], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(' '));
  return { result: BigInt.asIntN(64, BigInt(`0x${lines[0]![0]}`)), ms: lines.map((line) => Number(line[1]) / 1000) };
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Both engines must find the same result and count the same work; a small size, since one of them interprets. */
function checkEngines(file: Uint8Array, name: string, size: number): void {
  const [interpreted, translated] = (['interp', 'wasm'] as const).map((engine) => {
    const machine = new BenchMachine(file, engine);
    const results = [1, 2, 3].map(() => machine.call(`bench_${name}`, WORK_AREA, size));
    return `${results.join(' ')}, work ${machine.cpu.workDone}`;
  });
  if (interpreted !== translated) throw new Error(`${name}: interpreted ${interpreted}, translated ${translated}`);
}

build();
const list = [...readFileSync(join(SOURCE, 'list.h'), 'utf8').matchAll(/X\((\w+), ([\d <]+)\)/g)].map((match) => {
  const [value, shift] = match[2]!.split('<<').map(Number);
  return { name: match[1]!, size: value! * 2 ** (shift ?? 0) };
});
const wanted = process.argv.slice(2);
const file = readFileSync(join(BUILD, 'compute-bench.ko'));
const ratios: number[] = [];
const rows: string[][] = [];
for (const { name, size } of list) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  checkEngines(file, name, name === 'fib' ? 15 : 1024);
  const before = runNative(name);
  const machine = new BenchMachine(file);
  const coldStart = cpuMs();
  const result = machine.call(`bench_${name}`, WORK_AREA, size);
  const cold = cpuMs() - coldStart;
  if (result !== before.result) throw new Error(`${name}: ${result} is not ${before.result}`);
  const times: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    const start = cpuMs();
    machine.call(`bench_${name}`, WORK_AREA, size);
    if (run >= WARM_UP) times.push(cpuMs() - start);
  }
  const native = median([...before.ms, ...runNative(name).ms]), wasm = median(times);
  ratios.push(wasm / native);
  rows.push([name, native.toFixed(2), wasm.toFixed(2), (wasm / native).toFixed(2), cold.toFixed(1)]);
}
console.log(table(['kernel', 'native ms', 'wasm ms', 'ratio', 'cold ms'], rows));
console.log(`geometric mean ${Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length).toFixed(2)}`);
