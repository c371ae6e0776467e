// Kernels and modules for tests: which releases this machine can test, their ABIs and module files.
import fs from 'node:fs';
import path from 'node:path';
import type { Abi } from '../src/abi/abi.ts';
import { openAbi } from '../src/abi/open.ts';
import { loadDefaultAbi } from '../src/host/node/default-abi.ts';

/** The nearest folder above with a package.json: tools bundle this file to another place. */
function projectRoot(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) if (fs.existsSync(path.join(folder, 'package.json'))) return folder;
}
const ROOT = projectRoot();
const BUILT = path.join(ROOT, 'build', 'modules');

export const TEST_SERIES = ['6.1', '6.12'] as const;
export type Series = (typeof TEST_SERIES)[number];

/** The release that the modules of a series were built for (tools/build-modules.mjs); undefined if they were not. */
function builtRelease(series: Series): string | undefined {
  const names = fs.existsSync(BUILT) ? fs.readdirSync(BUILT) : [];
  const ofSeries = names.filter((name) => name.startsWith(`${series}.`) && fs.existsSync(path.join(BUILT, name, 'stamp')));
  return ofSeries.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

const opened = new Map<string, Abi>();

/** The ABI of the release that testModules() are for: the one that ships, or one that tools/test-abis.mjs has made. */
export function loadTestAbi(series: Series): Abi | undefined {
  const known = opened.get(series);
  if (known) return known;
  const release = builtRelease(series);
  const file = path.join(ROOT, 'build', 'abi', `${release}.kabi`);
  let abi: Abi | undefined;
  if (fs.existsSync(file)) abi = openAbi(fs.readFileSync(file));
  else if (series === '6.1') abi = loadDefaultAbi();
  if (abi) opened.set(series, abi);
  return abi;
}

/** Module files by name (`hello.ko`): built ones, or the few that are checked in. */
export function testModules(series: Series): Map<string, string> {
  const release = builtRelease(series);
  const folder = release ? path.join(BUILT, release) : path.join(ROOT, 'modules', 'prebuilt', series);
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.ko')) : [];
  return new Map(names.map((name) => [name, path.join(folder, name)]));
}

/** Bytes of a test module by name without suffix; throws where it is not built. */
export function testModule(name: string, series: Series = '6.1'): Uint8Array {
  const file = testModules(series).get(`${name}.ko`);
  if (!file) throw new Error(`${name}.ko is not built for ${series}: node tools/build-modules.mjs`);
  return fs.readFileSync(file);
}
