// Where the project lies, and small things that every tool needs. Node built-ins only: it runs before `npm ci`.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Whether the file of `meta` is the program being run, not imported by another. */
export const isMain = (meta) => process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(meta.url);
