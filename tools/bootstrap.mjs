// Brings a fresh clone to the point where its tools run: installed packages and a build. Node built-ins only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './project.mjs';

const LOCK_STAMP = path.join(ROOT, 'node_modules', '.kobox-lock');
const BUILD_STAMP = path.join(ROOT, 'dist', '.stamp');

export function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`kobox needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(fs.readFileSync(path.join(ROOT, file)));
  return hash.digest('hex');
};
const isStamped = (file, stamp) => fs.existsSync(file) && fs.readFileSync(file, 'utf8') === stamp;

function run(command, args, say) {
  say(`${command} ${args.join(' ')}`);
  // npm is a script on Windows, which only a shell starts.
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
  if (error) throw new Error(`${command} cannot be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/** `npm ci` when node_modules is missing or belongs to another package-lock.json. */
export function ensureDependencies(say = console.error) {
  const stamp = hashOf(['package-lock.json']);
  if (isStamped(LOCK_STAMP, stamp)) return;
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], say);
  fs.writeFileSync(LOCK_STAMP, stamp);
}

function sourceFiles(folder) {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? sourceFiles(name) : /\.ts$/.test(name) && !/\.test\.ts$/.test(name) ? [name] : [];
  });
}

export const buildStamp = () => hashOf([...sourceFiles('src'), 'package.json', 'tools/build.mjs', 'tools/lazy-packages.mjs']);
export const markBuilt = (stamp) => fs.writeFileSync(BUILD_STAMP, stamp);

/** Builds dist/ when it is missing or older than the sources. */
export function ensureBuilt(say = console.error) {
  if (isStamped(BUILD_STAMP, buildStamp())) return;
  run(process.execPath, [path.join('tools', 'build.mjs'), '--no-types'], say);
}
