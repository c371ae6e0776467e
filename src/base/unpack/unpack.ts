// Unpacks what kernels, modules and packages are compressed with, told apart by magic. Synchronous: the kernel itself unpacks
// `.ko.xz` files.

import { gunzipSync } from 'fflate';
import { decompress } from 'fzstd';
import { UnpackError } from './lzma.ts';
import { type Enough, isXz, unpackXz } from './xz.ts';

export { UnpackError } from './lzma.ts';

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
export const isZstd = (bytes: Uint8Array): boolean => bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd;
export const isPacked = (bytes: Uint8Array): boolean => isXz(bytes) || isGzip(bytes) || isZstd(bytes);

export interface UnpackOptions {
  /** Stops early where it can (xz) when it says so. */
  readonly enough?: Enough;
  /**
   * Size of the content where it is known: zstd files with a large window unpack ten times as fast. It is not checked: longer
   * content is cut off, shorter content ends in zeros.
   */
  readonly sizeBytes?: number;
}

/** The content of a gzip, xz or zstd file. UnpackError for anything malformed. */
export function unpack(bytes: Uint8Array, { enough, sizeBytes }: UnpackOptions = {}): Uint8Array {
  if (isXz(bytes)) return unpackXz(bytes, enough);
  if (isGzip(bytes)) return guarded('gzip', () => gunzipSync(bytes));
  if (isZstd(bytes)) return guarded('zstd', () => decompress(bytes, sizeBytes === undefined ? undefined : new Uint8Array(sizeBytes)));
  throw new UnpackError('neither gzip nor xz nor zstd');
}

function guarded(format: string, run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (error) {
    throw new UnpackError(`${format}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
