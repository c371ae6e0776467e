// Puts into package-lock.json what `npm install` leaves out where a registry does not have every platform's build of a package:
// an entry for each optional dependency. Without them `npm ci` refuses the lock file. They carry no integrity; a machine of
// such a platform fetches them by name and version.
//
//   node tools/complete-lock.mjs        after every change of the dependencies
import fs from 'node:fs';
import path from 'node:path';
import { isMain, ROOT } from './project.mjs';

const FILE = path.join(ROOT, 'package-lock.json');
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** os, cpu and libc as such packages declare them, from the words of the name: `rollup-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.findLast((word) => PROCESSORS.includes(word));
  if (!os) return undefined;
  const libc = os !== 'linux' ? undefined : /musl/.test(words.at(-1)) ? 'musl' : /^gnu/.test(words.at(-1)) ? 'glibc' : undefined;
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), os: [os] };
}

export function missingEntries(lock) {
  const missing = new Map();
  for (const [place, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const at = `node_modules/${name}`;
      if (lock.packages[at] || lock.packages[`${place}/${at}`]) continue;
      const platform = platformOf(name);
      if (!platform) throw new Error(`${name}, an optional dependency of ${place}, is no platform's build: add it by hand`);
      missing.set(at, { version: version.replace(/^[\^~]/, ''), ...(entry.dev && { dev: true }), optional: true, ...platform });
    }
  }
  return missing;
}

if (isMain(import.meta)) {
  const lock = JSON.parse(fs.readFileSync(FILE, 'utf8'));
  const missing = missingEntries(lock);
  const entries = [...Object.entries(lock.packages), ...missing].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  lock.packages = Object.fromEntries(entries);
  fs.writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.size} entries added`);
}
