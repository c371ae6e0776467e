import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { generatedFiles } from '../../../tools/types/generated-files.ts';

test('the generated types are those of the ABI and the names in the sources', () => {
  for (const { path, text } of generatedFiles(process.cwd(), loadDefaultAbi())) {
    expect(readFileSync(path, 'utf8') === text, `${path} is stale: run node tools/run.mjs tools/generate-types.ts`).toBe(true);
  }
});
