// The ABI files that the user has added, one `RELEASE.kabi` each in a folder of the user's data: $KOBOX_ABI_DIR, else kobox/abi
// under $XDG_DATA_HOME (~/.local/share). The file that ships with the package is always there beside them.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Abi, AbiError } from '../../abi/abi.ts';
import { makeAbi } from '../../abi/make/make-abi.ts';
import { openAbi } from '../../abi/open.ts';
import { showAbi } from '../../abi/print/show.ts';
import { defaultAbiPath, loadDefaultAbi } from './default-abi.ts';

const SUFFIX = '.kabi';

export interface AbiEntry {
  readonly release: string;
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** Ships with the package, and is used when no other is asked for. */
  readonly isDefault: boolean;
}

export interface AbiAddOptions {
  /** Path of a Module.symvers, for CRCs that the file lacks and the symbols of modules. */
  readonly symvers?: string;
  /** `uname -r` of a raw BTF file, which names no kernel; other files say it themselves. */
  readonly release?: string;
  readonly folder?: string;
}

export function abiFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['KOBOX_ABI_DIR'] || join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'kobox', 'abi');
}

/** Makes the ABI file of a vmlinux, vmlinuz, linux-image .deb or raw BTF file (or takes an ABI file) and keeps it. */
export function abiAdd(file: string, { symvers, release, folder = abiFolder() }: AbiAddOptions = {}): AbiEntry {
  const input = readFileSync(file);
  const options = { ...(symvers === undefined ? {} : { symvers: readFileSync(symvers, 'latin1') }), ...(release === undefined ? {} : { release }) };
  const bytes = file.endsWith(SUFFIX) ? input : makeAbi(input, options);
  const abi = openAbi(bytes);
  if (!/^[\w.+~-]+$/.test(abi.release) || abi.release.startsWith('.')) throw new AbiError(`'${abi.release}' is no kernel release`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, abi.release + SUFFIX);
  // A reader never sees half a file.
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, bytes);
  renameSync(partial, path);
  return { release: abi.release, version: abi.version, path, sizeBytes: bytes.length, isDefault: false };
}

/** The shipped release first, then the added ones by name. A file that cannot be read as an ABI is left out. */
export function abiList(folder = abiFolder()): AbiEntry[] {
  const added = addedFiles(folder).map((path) => entryOf(path, false)).filter((entry) => entry !== undefined);
  return [entryOf(defaultAbiPath(), true)!, ...added];
}

/** By release, by the beginning of one (`6.12`), by path; 'default' is the shipped one. An added file goes before the shipped one. */
export function abiOpen(name = 'default', folder = abiFolder()): Abi {
  if (name === 'default') return loadDefaultAbi();
  if (name.endsWith(SUFFIX)) return openAbi(readFileSync(name));
  const entries = abiList(folder);
  const exact = entries.filter(({ release }) => release === name);
  const matching = exact.length > 0 ? exact : entries.filter(({ release }) => release.startsWith(name) && /^[.+-]/.test(release.slice(name.length)));
  const releases = new Set(matching.map(({ release }) => release));
  if (releases.size === 1) return openAbi(readFileSync(matching.at(-1)!.path));
  const known = [...new Set(entries.map(({ release }) => release))].join(', ');
  throw new AbiError(releases.size === 0 ? `no ABI of ${name} here: have ${known}` : `${name} may mean ${[...releases].join(' or ')}`);
}

/** Forgets an added release; false if there was none. */
export function abiRemove(release: string, folder = abiFolder()): boolean {
  const path = addedFiles(folder).find((file) => entryOf(file, false)?.release === release);
  if (path !== undefined) rmSync(path);
  return path !== undefined;
}

export const abiShow = (abi: Abi, name: string): string => showAbi(abi, name);

function addedFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(SUFFIX)).sort().map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function entryOf(path: string, isDefault: boolean): AbiEntry | undefined {
  try {
    const { release, version } = openAbi(readFileSync(path));
    return { release, version, path, sizeBytes: statSync(path).size, isDefault };
  } catch (error) {
    if (error instanceof AbiError) return undefined;
    throw error;
  }
}
