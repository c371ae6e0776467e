// Builds every module of modules/ with kbuild against the installed kernel headers, and the variants of variants.json.
//
//   node tools/build-modules.mjs [--release RELEASE]... [--prebuilt]
//
// Without --release: the newest installed headers of each kernel series kobox serves (6.1, 6.12). The result is
// build/modules/RELEASE/NAME.ko. --prebuilt also renews modules/prebuilt/6.1/ from it: stripped of debug info, checked in.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { patchModule } from './patch-module.mjs';
import { ROOT, isMain } from './project.mjs';

export const SERIES = ['6.1', '6.12'];
/** What `npm start` shows, and what a machine without headers can still test. */
const PREBUILT = ['hello', 'dashed-name', 'params', 'exporter', 'user', 'init_fail', 'null', 'bug', 'warn', 'compute'];

const SOURCES = path.join(ROOT, 'modules');
const OUTPUT = path.join(ROOT, 'build', 'modules');

const headersOf = (release) => `/usr/src/linux-headers-${release}`;
const seriesOf = (release) => /^\d+\.\d+/.exec(release)?.[0];

/** Newest release of each series whose headers are installed, oldest series first. */
export function installedReleases() {
  let names;
  try {
    names = fs.readdirSync('/usr/src');
  } catch {
    return [];
  }
  const releases = names.map((name) => /^linux-headers-(\d.*-amd64)$/.exec(name)?.[1]).filter((r) => r && !/cloud|rt/.test(r));
  const newestLast = (a, b) => a.localeCompare(b, 'en', { numeric: true });
  return SERIES.flatMap((series) => releases.filter((r) => seriesOf(r) === series).sort(newestLast).slice(-1));
}

/** Files of a folder, relative, sorted. */
function listFiles(folder, prefix = '') {
  return fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) =>
    entry.isDirectory() ? (entry.name === 'prebuilt' ? [] : listFiles(path.join(folder, entry.name), `${prefix}${entry.name}/`)) : [`${prefix}${entry.name}`]);
}

/** kbuild writes beside its sources, so it works on a copy; a file that did not change keeps its time stamp there. */
function copySources(files, target) {
  for (const file of files) {
    const content = fs.readFileSync(path.join(SOURCES, file));
    const to = path.join(target, file);
    if (fs.existsSync(to) && content.equals(fs.readFileSync(to))) continue;
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.writeFileSync(to, content);
  }
}

function stampOf(release, files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(fs.readFileSync(path.join(SOURCES, file)));
  for (const tool of ['build-modules.mjs', 'patch-module.mjs']) hash.update(fs.readFileSync(path.join(ROOT, 'tools', tool)));
  hash.update(fs.readFileSync(path.join(headersOf(release), 'Module.symvers')));
  return hash.digest('hex');
}

/** Builds for one release; returns { folder, count, isFresh }. Throws with kbuild's output when it fails. */
export function buildModules(release, { say = () => {} } = {}) {
  const folder = path.join(OUTPUT, release);
  const tree = path.join(folder, 'tree');
  const stampFile = path.join(folder, 'stamp');
  const files = listFiles(SOURCES);
  const stamp = stampOf(release, files);
  const built = () => fs.readdirSync(folder).filter((name) => name.endsWith('.ko')).length;
  if (fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp) return { folder, count: built(), isFresh: true };

  say(`building modules for ${release}`);
  const wanted = new Set(files);
  if (fs.existsSync(tree)) {
    for (const file of listFiles(tree)) if (/\.[ch]$|Kbuild$/.test(file) && !/\.mod\.c$/.test(file) && !wanted.has(file)) fs.rmSync(tree, { recursive: true, force: true });
  }
  copySources(files, tree);
  const made = spawnSync('make', ['-s', '-C', headersOf(release), `M=${tree}`, `KCFLAGS=-ffile-prefix-map=${tree}=modules`, `-j${os.availableParallelism()}`, 'modules'], { encoding: 'utf8' });
  const output = `${made.stdout}${made.stderr}`;
  if (made.status !== 0) throw new Error(`kbuild failed for ${release}:\n${output}`);
  const complaints = output.split('\n').filter((line) => /warning|error/i.test(line) && !/kobox_missing|objtool|vmlinux/.test(line));
  if (complaints.length) say(complaints.join('\n'));

  const modules = new Map();
  for (const file of listFiles(tree)) if (file.endsWith('.ko')) modules.set(path.basename(file, '.ko'), fs.readFileSync(path.join(tree, file)));
  for (const variant of JSON.parse(fs.readFileSync(path.join(SOURCES, 'variants.json'), 'utf8'))) {
    const original = modules.get(variant.from);
    if (!original) throw new Error(`variant ${variant.name}: there is no module ${variant.from}`);
    modules.set(variant.name, patchModule(original, variant));
  }
  for (const name of fs.readdirSync(folder)) if (name.endsWith('.ko')) fs.rmSync(path.join(folder, name));
  for (const [name, image] of modules) fs.writeFileSync(path.join(folder, `${name}.ko`), image);
  fs.writeFileSync(stampFile, stamp);
  return { folder, count: modules.size, isFresh: false };
}

/** Renews the checked-in modules of modules/prebuilt/ from a build. */
function renewPrebuilt(release, folder) {
  const target = path.join(SOURCES, 'prebuilt', seriesOf(release));
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  for (const name of PREBUILT) execFileSync('strip', ['--strip-debug', '-o', path.join(target, `${name}.ko`), path.join(folder, `${name}.ko`)]);
}

function main(args) {
  const named = args.flatMap((arg, i) => (arg === '--release' ? [args[i + 1]] : []));
  const releases = named.length ? named : installedReleases();
  if (!releases.length) throw new Error('No kernel headers are installed (Debian: apt-get install gcc make linux-headers-amd64).');
  for (const release of releases) {
    const { folder, count, isFresh } = buildModules(release, { say: console.error });
    console.log(`${path.relative(ROOT, folder)}: ${count} modules${isFresh ? ' (up to date)' : ''}`);
    if (args.includes('--prebuilt') && seriesOf(release) === '6.1') renewPrebuilt(release, folder);
  }
}

if (isMain(import.meta)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
