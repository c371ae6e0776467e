// What the tests need of the system beyond Node: compilers and kernel headers. On Debian as root it is installed; elsewhere
// what is missing is named, and the tests that need it are skipped visibly.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { installedReleases, SERIES } from './build-modules.mjs';

const hasProgram = (name) => spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
const hasHeaders = (series) => installedReleases().some((release) => release.startsWith(`${series}.`));

const NEEDS = [
  { what: 'gcc', package: 'gcc', isThere: () => hasProgram('gcc') },
  { what: 'headers of the C library', package: 'libc6-dev', isThere: () => fs.existsSync('/usr/include/stdio.h') },
  { what: 'make', package: 'make', isThere: () => hasProgram('make') },
  { what: 'binutils', package: 'binutils', isThere: () => hasProgram('strip') },
  ...SERIES.map((series) => ({
    what: `headers of Linux ${series}`,
    package: series === '6.1' ? 'linux-headers-amd64' : `linux-headers-${series}-amd64`,
    isThere: () => hasHeaders(series),
  })),
  { what: 'busybox', package: 'busybox', isThere: () => hasProgram('busybox') },
  { what: 'modinfo', package: 'kmod', isThere: () => fs.existsSync('/sbin/modinfo') },
  { what: 'Chromium', package: 'chromium', isThere: () => ['chromium', 'chromium-browser', 'google-chrome'].some(hasProgram) },
];

const missing = () => NEEDS.filter((need) => !need.isThere());
const isDebian = () => fs.existsSync('/etc/debian_version') && hasProgram('apt-get');

/** apt-get speaks only when it fails: what packages say while they are set up is of no interest. */
function apt(...args) {
  const { status, stderr } = spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  return { isDone: status === 0, words: stderr?.trim() ?? '' };
}

/** All at once is quicker; a release without one of them still gets the others. */
function install(names, say) {
  const options = ['install', '-y', '-qq', '--no-install-recommends'];
  const updated = apt('update', '-qq');
  if (!updated.isDone) return say(updated.words);
  if (apt(...options, ...names).isDone) return;
  for (const name of names) {
    const { isDone, words } = apt(...options, name);
    if (!isDone) say(words);
  }
}

/** Installs what is missing where it may; returns what is missing still. */
export function ensureSystemPackages(say) {
  const wanted = missing();
  if (!wanted.length) return [];
  const names = wanted.map((need) => need.package);
  if (isDebian() && process.platform === 'linux' && process.getuid?.() === 0) {
    say(`apt-get install ${names.join(' ')}`);
    install(names, say);
  }
  return missing().map((need) => `${need.what} (Debian: apt-get install ${need.package})`);
}
