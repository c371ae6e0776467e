// Loads mutated modules one after the other into one kernel and judges each: refused with an errno that a loader may give, or
// loaded and unloaded; everything given back; no exception of the host; no load that takes long.

import type { FakeKernel } from './fake-kernel.ts';
import { kernelOf, moduleFile, type Series } from './fixtures.ts';
import { mutate } from './mutations.ts';
import { Errno, TaskKilled } from '../../src/kernel/errors.ts';

/** What refusing a file may come to. EEXIST, EBUSY, EPERM and the like have no reason to appear. */
const ALLOWED = new Set(['ENOEXEC', 'ENOENT', 'EINVAL', 'ENOMEM', 'EBADMSG', 'ERANGE', 'ENOSPC']);
const SLOW_MS = 1500;

const BASES = [
  { name: 'kitchen', series: '6.1', parameters: ['', 'number=3 text="a b"', 'list=1,2 dyndbg=+p'] },
  { name: 'guest', series: '6.1', parameters: [''] },
  { name: 'types', series: '6.1', parameters: ['', 'an_int=4 a_charp=x words=a,b,c', 'a_string=abc an_array=1,2', 'dangerous=1 a_bool'] },
  { name: 'kitchen', series: '6.12', parameters: ['', 'number=3'] },
] as const satisfies readonly { name: 'kitchen' | 'guest' | 'types'; series: Series; parameters: readonly string[] }[];

export interface MutationSummary {
  readonly count: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** What must not happen, with the seed that shows it. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

export function runMutations(count: number, firstSeed: number, onProgress: (done: number) => void = () => {}): MutationSummary {
  const outcomes = new Map<string, number>();
  const failures: string[] = [];
  const kernels = new Map<Series, FakeKernel>();
  const files = BASES.map((base) => moduleFile(base.name, base.series));
  const kitchen = moduleFile('kitchen');
  let slowestMs = 0;
  for (let i = 0; i < count; i++) {
    const seed = firstSeed + i;
    const base = BASES[seed % BASES.length]!;
    const { bytes, what } = mutate(files[seed % BASES.length]!, seed);
    const parameters = base.parameters[(seed >> 3) % base.parameters.length]!;
    const kernel = kernels.get(base.series) ?? kernelOf(base.series);
    kernels.set(base.series, kernel);
    if (base.name === 'guest') kernel.insmod(kitchen);
    const start = performance.now();
    const outcome = judge(kernel, bytes, parameters);
    slowestMs = Math.max(slowestMs, performance.now() - start);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const problem = problemOf(kernel, outcome, performance.now() - start);
    if (problem !== '') failures.push(`seed ${seed} (${base.name} ${base.series}, ${what}): ${problem}`);
    // After an oops a module may stay for ever, as on Linux.
    if (problem !== '' || outcome === 'oops') kernels.delete(base.series);
    kernel.log.length = kernel.uevents.length = kernel.cpu.calls.length = kernel.cpu.invalidated.length = 0;
    if (i % 1000 === 999) onProgress(i + 1);
  }
  return { count, outcomes, failures, slowestMs };
}

function judge(kernel: FakeKernel, bytes: Uint8Array, parameters: string): string {
  try {
    kernel.insmod(bytes, parameters);
  } catch (error) {
    if (error instanceof TaskKilled) return 'oops';
    if (!(error instanceof Errno)) return `host exception: ${error instanceof Error ? error.stack : String(error)}`;
    unloadAll(kernel);
    return error.code;
  }
  try {
    kernel.system.procModules();
    kernel.system.kallsyms();
  } catch (error) {
    return `host exception in /proc: ${error instanceof Error ? error.stack : String(error)}`;
  }
  return unloadAll(kernel);
}

function unloadAll(kernel: FakeKernel): string {
  try {
    for (const module of kernel.system.modules()) kernel.rmmod(module.name, 0x200);
    return 'loaded';
  } catch (error) {
    if (error instanceof TaskKilled) return 'oops';
    return `unloading: ${error instanceof Error ? error.stack : String(error)}`;
  }
}

function problemOf(kernel: FakeKernel, outcome: string, ms: number): string {
  if (outcome !== 'loaded' && outcome !== 'oops' && !ALLOWED.has(outcome)) return outcome;
  if (ms > SLOW_MS) return `took ${Math.round(ms)} ms`;
  if (outcome !== 'oops' && (kernel.usage !== 0 || kernel.cpu.regions.size !== 0)) return `${outcome}, but ${kernel.usage} bytes and ${kernel.cpu.regions.size} code regions stay`;
  return '';
}
