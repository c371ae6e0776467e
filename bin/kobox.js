#!/usr/bin/env node
// Starts the command. `kobox run` keeps what V8 has compiled of it in the user's cache folder, because compiling would take
// longer than running a small module. Where nothing can be written there, or with NODE_DISABLE_COMPILE_CACHE set, it does without.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const BUNDLE = path.join(__dirname, '..', 'dist', 'cli.cjs');

function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA, HOME, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_DISABLE_COMPILE_CACHE || process.argv[2] !== 'run') return undefined;
  const caches = XDG_CACHE_HOME || (process.platform === 'win32' ? LOCALAPPDATA : HOME && path.join(HOME, '.cache'));
  return caches && path.join(caches, 'kobox');
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** A reader never sees half a file; what other builds and releases of Node left behind goes. */
function keep(folder, file, bytes) {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of fs.readdirSync(folder)) if (/^run-.*\.code$/.test(name)) fs.rmSync(path.join(folder, name), { force: true });
    const partial = `${file}.${process.pid}`;
    fs.writeFileSync(partial, bytes, { mode: 0o600 });
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
const cachedData = file && readIfThere(file);
const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
  filename: BUNDLE, cachedData, importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
if (file && (!cachedData || script.cachedDataRejected)) process.on('exit', () => keep(folder, file, script.createCachedData()));
script.runInThisContext()(exports, require, module, BUNDLE, path.dirname(BUNDLE));
