// The ABI file that ships with the package, found from the sources (tests) and from the bundle alike.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Abi } from '../../abi/abi.ts';
import { openAbi } from '../../abi/open.ts';

export const DEFAULT_ABI_FILE = join('abi', 'linux-6.1-amd64.kabi');

/** The nearest folder above this file that holds the default ABI is the package. */
export function defaultAbiPath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    const path = join(folder, DEFAULT_ABI_FILE);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new Error(`${DEFAULT_ABI_FILE} is missing from the kobox package around ${here}`);
  }
}

export const loadDefaultAbi = (): Abi => openAbi(readFileSync(defaultAbiPath()));
