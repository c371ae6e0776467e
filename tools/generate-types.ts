// Writes src/abi/generated/ from the embedded ABI: the prototypes of the functions that the kernel's export tables declare, the
// members of the structs that kernel code names. Run it after adding an export or naming a struct:
//   node tools/run.mjs tools/generate-types.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { openAbi } from '../src/abi/open.ts';
import { DEFAULT_ABI_FILE } from '../src/host/node/default-abi.ts';
import { generatedFiles } from './types/generated-files.ts';

for (const { path, text } of generatedFiles(process.cwd(), openAbi(readFileSync(DEFAULT_ABI_FILE)))) {
  writeFileSync(path, text);
  console.log(`${path}: ${text.split('\n').length} lines`);
}
