// Linking the largest modules of Debian's kernel package: node tools/run.mjs bench/load/run.ts [module.ko...]
// Everything that insmod does up to the call of init: acceptance, layout, copying, symbols, relocations, tables. Symbols that kobox
// does not have yet get an address with nothing behind it; init is never called.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { boot, describeModule, Errno, type Kernel } from '../../src/host/node/main.ts';
import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import { fetchKernel } from '../../tools/linux/kernel.mjs';
import { median, table } from '../report.ts';

const WARM_RUNS = 5;
const DRIVERS = ['drivers/gpu/drm/amd/amdgpu/amdgpu', 'drivers/gpu/drm/i915/i915', 'fs/xfs/xfs', 'fs/ext4/ext4'];

interface Measured { readonly ms: number; readonly nrMissing: number; readonly nrSymbols: number; readonly nrRelocations: number }
/** Ends a load that has been linked. */
class Linked extends Errno {}

/** A kernel that has everything a module imports. */
function generousKernel(imports: ReadonlySet<string>): { kernel: Kernel; missing: Set<string> } {
  const kernel = boot();
  const { exports, image } = kernel.parts;
  const missing = new Set<string>();
  const resolve = exports.resolve.bind(exports);
  exports.resolve = (name) => {
    const found = resolve(name);
    if (found || !imports.has(name)) return found;
    missing.add(name);
    return { name, address: image.text(name), crc: undefined, isGplOnly: false, namespace: '' };
  };
  return { kernel, missing };
}

function link(bytes: Uint8Array): Measured {
  const { kernel, missing } = generousKernel(new Set(describeModule(bytes).imports.map((symbol) => symbol.name)));
  let nrSymbols = 0, nrRelocations = 0, end = 0;
  kernel.observe({
    symbolResolved: () => { nrSymbols++; },
    relocated: (_module, counts) => { for (const count of counts.values()) nrRelocations += count; },
    stateChanged: (_module, state) => {
      if (state !== 'COMING') return;
      end = performance.now();
      throw new Linked('ECANCELED', 'linked');
    },
  });
  const start = performance.now();
  try {
    kernel.insmod(bytes);
  } catch (error) {
    if (!(error instanceof Linked)) throw error;
  }
  return { ms: end - start, nrMissing: missing.size, nrSymbols, nrRelocations };
}

/** What the linker of the host needs to read and write the same file. */
function gnuLd(file: string): number | undefined {
  const times: number[] = [];
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    if (spawnSync('ld', ['-r', '-o', '/dev/null', file], { stdio: 'ignore' }).status !== 0) return undefined;
    times.push(performance.now() - start);
  }
  return median(times);
}

function measure(file: string): void {
  const bytes = new Uint8Array(readFileSync(file));
  const before = process.memoryUsage();
  const first = link(bytes);
  const after = process.memoryUsage();
  const warm = median(Array.from({ length: WARM_RUNS }, () => link(bytes).ms));
  const ld = gnuLd(file);
  const mb = (size: number): string => (size / (1 << 20)).toFixed(1);
  console.log(JSON.stringify([
    basename(file), mb(bytes.length), first.nrRelocations, first.nrSymbols, first.nrMissing, first.ms.toFixed(0), warm.toFixed(0), mb(after.rss - before.rss), ld?.toFixed(0) ?? '-',
  ]));
}

if (process.env['KOBOX_BENCH_CHILD']) measure(process.argv[2]!);
else {
  const { release } = loadDefaultAbi();
  const folder = (): string => join(fetchKernel(release, console.log), 'lib/modules', release, 'kernel');
  const given = process.argv.slice(2);
  const files = given.length > 0 ? given : DRIVERS.map((name) => join(folder(), `${name}.ko`));
  const rows = files.filter((file) => existsSync(file)).map((file) => {
    const child = execFileSync(process.execPath, [join(process.cwd(), 'tools/run.mjs'), 'bench/load/run.ts', file], { env: { ...process.env, KOBOX_BENCH_CHILD: '1' }, encoding: 'utf8' });
    return JSON.parse(child) as (string | number)[];
  });
  console.log(table(['module', 'MiB', 'relocations', 'imports', 'not in kobox', 'first ms', 'warm ms', 'memory MiB', 'ld -r ms'], rows));
}
