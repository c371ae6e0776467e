// Builds dist/: the library for Node and for browsers, its entry 'kobox/signatures', the command, and the types.
//
//   node tools/build.mjs [--no-types]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { buildStamp, markBuilt } from './bootstrap.mjs';
import { FUNCTIONS, lazyPackages } from './lazy-packages.mjs';
import { ROOT } from './project.mjs';

const DIST = path.join(ROOT, 'dist');
const options = {
  bundle: true, format: 'esm', target: 'es2022', minifySyntax: true, minifyWhitespace: true, sourcemap: true, sourcesContent: false, logLevel: 'warning',
  absWorkingDir: ROOT, outdir: DIST, plugins: [lazyPackages],
};
/** A script of one file, which starts sooner than modules do. Dynamic imports stay lazy in it: their code runs when it is asked for. */
const script = (stamp) => ({
  format: 'cjs', outExtension: { '.js': '.cjs' }, define: { 'import.meta.url': 'bundleUrl' },
  // The first line names the build for bin/kobox.js.
  banner: { js: `// ${stamp}\n"use strict"; const bundleUrl = require('node:url').pathToFileURL(__filename).href;` },
});

/** The licences of the packages that the bundles contain. */
function writeNotices() {
  const notices = Object.keys(FUNCTIONS).map((name) => `${name}\n\n${fs.readFileSync(path.join(ROOT, 'node_modules', name, 'LICENSE'), 'utf8')}`);
  fs.writeFileSync(path.join(DIST, 'THIRD-PARTY-LICENSES'), notices.join('\n'));
}

const stamp = buildStamp();
fs.rmSync(DIST, { recursive: true, force: true });
await build({ ...options, entryPoints: { kobox: 'src/host/node/main.ts' }, platform: 'node' });
await build({ ...options, entryPoints: { signatures: 'src/host/node/module-signatures.ts' }, platform: 'node', packages: 'external' });
await build({ ...options, entryPoints: { cli: 'src/cli/main.ts' }, platform: 'node', ...script(stamp) });
await build({ ...options, entryPoints: { 'kobox.browser': 'src/host/browser/main.ts' }, platform: 'browser' });
writeNotices();
if (!process.argv.includes('--no-types')) {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
markBuilt(stamp);
