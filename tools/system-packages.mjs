// What the tests need of the system beyond Node: compilers and kernel headers. On Debian as root it is installed; elsewhere
// what is missing is named, and the tests that need it are skipped visibly.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { installedReleases, SERIES } from './build-modules.mjs';

const hasProgram = (name) => spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
const hasHeaders = (series) => installedReleases().some((release) => release.startsWith(`${series}.`));

const NEEDS = [
  { what: 'gcc', package: 'gcc', isThere: () => hasProgram('gcc') },
  { what: 'make', package: 'make', isThere: () => hasProgram('make') },
  { what: 'binutils', package: 'binutils', isThere: () => hasProgram('strip') },
  ...SERIES.map((series) => ({
    what: `headers of Linux ${series}`,
    package: series === '6.1' ? 'linux-headers-amd64' : `linux-headers-${series}-amd64`,
    isThere: () => hasHeaders(series),
  })),
  { what: 'Chromium', package: 'chromium', isThere: () => ['chromium', 'chromium-browser', 'google-chrome'].some(hasProgram) },
];

const missing = () => NEEDS.filter((need) => !need.isThere());
const isDebian = () => fs.existsSync('/etc/debian_version') && hasProgram('apt-get');

function apt(...args) {
  const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  return status === 0;
}

/** Installs what is missing where it may; returns what is missing still. */
export function ensureSystemPackages(say) {
  const wanted = missing();
  if (!wanted.length) return [];
  const names = wanted.map((need) => need.package);
  if (isDebian() && process.platform === 'linux' && process.getuid?.() === 0) {
    say(`apt-get install ${names.join(' ')}`);
    // One by one: a release without one of them still gets the others.
    if (apt('update', '-qq')) for (const name of names) apt('install', '-y', '-qq', '--no-install-recommends', name);
  }
  return missing().map((need) => `${need.what} (Debian: apt-get install ${need.package})`);
}
