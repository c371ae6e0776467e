// Writes the ABI file that ships with the package, from the vmlinux of Debian 12's 6.1 kernel:
//   node tools/run.mjs tools/make-default-abi.ts VMLINUX
import { readFileSync, writeFileSync } from 'node:fs';
import { openAbi } from '../src/abi/open.ts';
import { abiFromVmlinux } from '../src/abi/make/from-vmlinux.ts';
import { DEFAULT_ABI_FILE } from '../src/host/node/default-abi.ts';

const [image] = process.argv.slice(2);
if (!image) throw new Error('usage: make-default-abi VMLINUX');
const bytes = abiFromVmlinux(readFileSync(image));
writeFileSync(DEFAULT_ABI_FILE, bytes);
console.log(`${DEFAULT_ABI_FILE}: ${openAbi(bytes).release}, ${bytes.length} bytes`);
