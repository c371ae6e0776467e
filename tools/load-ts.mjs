// Imports a TypeScript file of the project into a tool: Node 20 cannot, so esbuild bundles it first. Needs `npm ci`.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ROOT } from './project.mjs';

/** `file` is relative to the project's root; packages stay imports. */
export async function loadTypeScript(file) {
  const outfile = path.join(ROOT, 'build', 'tools', file.replace(/\.ts$/, '.mjs'));
  await build({ entryPoints: [path.join(ROOT, file)], outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'error' });
  return import(`${pathToFileURL(outfile)}?${fs.statSync(outfile).mtimeMs}`);
}
