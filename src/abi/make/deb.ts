// Finds the kernel in a Debian package: an `ar` archive with data.tar.{xz,zst,gz,} in it, where the kernel is boot/vmlinuz-RELEASE.

import { isPacked, unpack } from '../../base/unpack/unpack.ts';
import { AbiError } from '../abi.ts';

const AR_HEADER = 60;
const TAR_BLOCK = 512;
const latin1 = new TextDecoder('latin1');
const text = (bytes: Uint8Array, at: number, length: number): string => latin1.decode(bytes.subarray(at, at + length));

export const isDeb = (bytes: Uint8Array): boolean => text(bytes, 0, 8) === '!<arch>\n';

/** The kernel image of a linux-image package. Unpacks no more of it than needed: modules are most of it, and lie behind. */
export function kernelOfDeb(deb: Uint8Array): Uint8Array {
  const data = dataMember(deb);
  const scan = new TarScan(/^(\.\/)?boot\/vmlinu[xz]-[^/]*$/);
  const tar = isPacked(data) ? unpack(data, { enough: (output) => scan.find(output) !== undefined }) : data;
  const kernel = scan.find(tar);
  if (!kernel) throw new AbiError('the package holds no boot/vmlinuz: it is no linux-image package');
  return kernel;
}

function dataMember(deb: Uint8Array): Uint8Array {
  for (let at = 8; at + AR_HEADER <= deb.length; ) {
    const name = text(deb, at, 16).trim();
    const size = Number(text(deb, at + 48, 10).trim());
    if (!Number.isInteger(size) || at + AR_HEADER + size > deb.length) throw new AbiError('the package is cut off');
    if (/^data\.tar(\.\w+)?\/?$/.test(name)) return deb.subarray(at + AR_HEADER, at + AR_HEADER + size);
    at += AR_HEADER + size + (size & 1);
  }
  throw new AbiError('the package has no data member');
}

/** Looks for a file in a tar that grows; goes on where it stopped. */
class TarScan {
  readonly #pattern: RegExp;
  #at = 0;
  constructor(pattern: RegExp) { this.#pattern = pattern; }
  find(tar: Uint8Array): Uint8Array | undefined {
    while (this.#at + TAR_BLOCK <= tar.length) {
      const size = Number.parseInt(text(tar, this.#at + 124, 12), 8) || 0;
      const start = this.#at + TAR_BLOCK;
      const name = text(tar, this.#at, 100).replace(/\0.*$/s, '');
      const isFile = tar[this.#at + 156] === 0x30 || tar[this.#at + 156] === 0;
      if (isFile && this.#pattern.test(name)) return start + size <= tar.length ? tar.subarray(start, start + size) : undefined;
      this.#at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    }
    return undefined;
  }
}
