// Runs a TypeScript tool on a Node without type stripping: node tools/run.mjs tools/TOOL.ts [arguments]
import path from 'node:path';
import { loadTypeScript } from './load-ts.mjs';
import { ROOT } from './project.mjs';

const [tool, ...args] = process.argv.slice(2);
if (!tool) throw new Error('usage: node tools/run.mjs TOOL.ts [arguments]');
const file = path.resolve(tool);
process.argv = [process.argv[0], file, ...args];
await loadTypeScript(path.relative(ROOT, file));
