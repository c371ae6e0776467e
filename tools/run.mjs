// Runs a TypeScript tool on a Node without type stripping: node tools/run.mjs tools/TOOL.ts [arguments]
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [tool, ...args] = process.argv.slice(2);
if (!tool) throw new Error('usage: node tools/run.mjs TOOL.ts [arguments]');
// Inside the package, so that the tool finds its dependencies.
const folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), 'node_modules', '.kobox-tool-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const outfile = join(folder, 'tool.mjs');
await build({ entryPoints: [tool], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'warning' });
process.argv = [process.argv[0], resolve(tool), ...args];
await import(pathToFileURL(outfile).href);
