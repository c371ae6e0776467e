// npm start: brings a fresh clone up and shows the life of a kernel module, step by step.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureDependencies, refuseOldNode } from './bootstrap.mjs';
import { ROOT } from './project.mjs';

refuseOldNode();
try {
  ensureDependencies((text) => console.log(`preparing: ${text}`));
  ensureBuilt((text) => console.log(`preparing: ${text}`));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { demonstrate } = await import('./demo.mjs');
demonstrate(await import(pathToFileURL(path.join(ROOT, 'dist', 'kobox.js'))), path.join(ROOT, 'modules', 'prebuilt', '6.1'));
