// npm run bench: runs the benchmarks, each a folder of bench/ with a run.ts or run.mjs.
//
//   node tools/bench.mjs [NAME...] [-- arguments for each]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ensureBuilt, ensureDependencies, refuseOldNode } from './bootstrap.mjs';
import { ROOT } from './project.mjs';

refuseOldNode();
ensureDependencies();
ensureBuilt();

const args = process.argv.slice(2);
const dash = args.indexOf('--');
const names = dash < 0 ? args : args.slice(0, dash);
const passed = dash < 0 ? [] : args.slice(dash + 1);
const folder = path.join(ROOT, 'bench');
const programOf = (name) => ['run.ts', 'run.mjs'].map((file) => path.join('bench', name, file)).find((file) => fs.existsSync(path.join(ROOT, file)));
const known = fs.readdirSync(folder).filter(programOf).sort();
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}
for (const name of names.length ? names : known) {
  const program = programOf(name);
  console.log(`\n== ${name}`);
  const command = program.endsWith('.ts') ? [path.join('tools', 'run.mjs'), program, ...passed] : [program, ...passed];
  const { status } = spawnSync(process.execPath, command, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
