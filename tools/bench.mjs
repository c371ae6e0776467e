// npm run bench: the benchmarks of bench/, one after the other, each against what it is measured by in the same run.
//
//   npm run bench                       all of them
//   npm run bench -- startup load       these
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ensureBuilt, ensureDependencies, refuseOldNode } from './bootstrap.mjs';
import { ROOT } from './project.mjs';

const available = fs.readdirSync(path.join(ROOT, 'bench')).filter((name) => fs.existsSync(path.join(ROOT, 'bench', name, 'run.ts'))).sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !available.includes(name));
if (unknown.length) {
  console.error(`there is no benchmark ${unknown.join(', ')}: have ${available.join(', ')}`);
  process.exit(2);
}
refuseOldNode();
ensureDependencies();
ensureBuilt();
let failed = 0;
for (const name of wanted.length ? wanted : available) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [path.join('tools', 'run.mjs'), path.join('bench', name, 'run.ts')], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) failed++;
}
process.exitCode = failed ? 1 : 0;
