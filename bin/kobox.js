#!/usr/bin/env node
// Starts the command. `kobox run` keeps what V8 has compiled of it in the user's cache folder, because compiling would take
// longer than running a small module. Where nothing can be written there, or with NODE_DISABLE_COMPILE_CACHE set, it does without.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const zlib = require('node:zlib');

const BUNDLE = path.join(__dirname, '..', 'dist', 'cli.cjs');
const CHECKSUM_SIZE = 4;
/** Files of other builds and releases of Node that may lie there too. */
const MAX_KEPT = 8;

function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA, HOME, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_DISABLE_COMPILE_CACHE || process.argv[2] !== 'run' || !zlib.crc32) return undefined;
  const caches = XDG_CACHE_HOME || (process.platform === 'win32' ? LOCALAPPDATA : HOME && path.join(HOME, '.cache'));
  return caches && path.join(caches, 'kobox');
}

/** V8 believes what it reads: a damaged file must not reach it. */
function readKept(file) {
  try {
    const bytes = fs.readFileSync(file);
    const code = bytes.subarray(0, -CHECKSUM_SIZE);
    return bytes.readUInt32LE(code.length) === zlib.crc32(code) ? code : undefined;
  } catch {
    return undefined; // There is none yet.
  }
}

/** A reader never sees half a file. */
function keep(folder, file, code) {
  try {
    for (const level of [path.dirname(folder), folder]) if (!fs.existsSync(level)) fs.mkdirSync(level, { mode: 0o700 });
    const others = fs.readdirSync(folder).filter((name) => /^run-.*\.code$/.test(name));
    if (others.length > MAX_KEPT) for (const name of others) fs.rmSync(path.join(folder, name), { force: true });
    const checksum = Buffer.alloc(CHECKSUM_SIZE);
    checksum.writeUInt32LE(zlib.crc32(code));
    const partial = `${file}.${process.pid}`;
    fs.writeFileSync(partial, Buffer.concat([code, checksum]), { mode: 0o600 });
    fs.renameSync(partial, file);
  } catch {
    // It only makes the next start slower.
  }
}

const source = fs.readFileSync(BUNDLE, 'latin1'); // ASCII, as esbuild writes it.
const folder = cacheFolder();
// V8 compares its own version and flags, of the source only the length.
const build = /^\/\/ (\w+)/.exec(source)?.[1];
const file = folder && build && path.join(folder, `run-${build.slice(0, 16)}-${process.version}-${process.arch}.code`);
const cachedData = file && readKept(file);
const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
  filename: BUNDLE, cachedData, importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
if (file && (!cachedData || script.cachedDataRejected)) {
  // A run that failed has not been everywhere.
  process.on('exit', (status) => { if (status === 0) keep(folder, file, script.createCachedData()); });
}
script.runInThisContext()(exports, require, module, BUNDLE, path.dirname(BUNDLE));
