// kobox for Node: the public API with the embedded ABI and paths of the host's file system.

import { readFileSync } from 'node:fs';
import { isPacked, unpack } from '../../base/unpack/unpack.ts';
import { boot as bootCore, type BootOptions, type Kernel } from '../../index.ts';
import { loadDefaultAbi } from './default-abi.ts';

export * from '../../index.ts';
export { loadDefaultAbi } from './default-abi.ts';

export interface NodeBootOptions extends Partial<BootOptions> {}

/** Boots a kernel; without an `abi` it is the embedded one, Debian 12's. Paths given to insmod() are read from disk. */
export function boot(options: NodeBootOptions = {}): Kernel {
  return bootCore({ readModule: readModuleFile, ...options, abi: options.abi ?? loadDefaultAbi() });
}

/** Bytes of a module file, unpacked where it is `.ko.xz`, `.ko.gz` or `.ko.zst`. */
export function readModuleFile(path: string): Uint8Array {
  // A Buffer would do for most readers, but its slice() is no copy.
  const { buffer, byteOffset, length } = readFileSync(path);
  const bytes = new Uint8Array(buffer, byteOffset, length);
  return isPacked(bytes) ? unpack(bytes) : bytes;
}
