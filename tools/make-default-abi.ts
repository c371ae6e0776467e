// Writes the ABI file that ships with the package, from the kernel of Debian 12 (its vmlinux, vmlinuz or package):
//   node tools/run.mjs tools/make-default-abi.ts FILE
import { readFileSync, writeFileSync } from 'node:fs';
import { openAbi } from '../src/abi/open.ts';
import { makeAbi } from '../src/abi/make/make-abi.ts';
import { DEFAULT_ABI_FILE } from '../src/host/node/default-abi.ts';

const [image] = process.argv.slice(2);
if (!image) throw new Error('usage: make-default-abi FILE');
const bytes = makeAbi(readFileSync(image));
writeFileSync(DEFAULT_ABI_FILE, bytes);
console.log(`${DEFAULT_ABI_FILE}: ${openAbi(bytes).release}, ${bytes.length} bytes`);
