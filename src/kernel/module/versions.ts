// The `__versions` table: the CRC of every symbol that the module was built against (spec 4.5). 64 bytes per entry: a u64, of
// which the low half counts, and the name.

import { latin1z } from '../../base/latin1.ts';
import { viewOf } from '../../elf/elf64.ts';

const ENTRY_SIZE = 64;

export class SymbolVersions {
  readonly #crcs = new Map<string, number>();
  constructor(content: Uint8Array) {
    const view = viewOf(content);
    for (let at = 0; at + ENTRY_SIZE <= content.length; at += ENTRY_SIZE) {
      const name = latin1z(content, at + 8, at + ENTRY_SIZE);
      if (!this.#crcs.has(name)) this.#crcs.set(name, view.getUint32(at, true));
    }
  }
  crc(name: string): number | undefined { return this.#crcs.get(name); }
  entries(): Iterable<[string, number]> { return this.#crcs; }
}

export type VersionVerdict = 'same' | 'unversioned' | 'different' | 'missing';

/** 'unversioned': the module has no table, so loading it is forced. */
export function compareVersion(versions: SymbolVersions | undefined, name: string, kernelCrc: number | undefined): VersionVerdict {
  if (kernelCrc === undefined) return 'same';
  if (versions === undefined) return 'unversioned';
  const crc = versions.crc(name);
  if (crc === undefined) return 'missing';
  return crc === kernelCrc >>> 0 ? 'same' : 'different';
}

export const versionComplaint = (verdict: 'different' | 'missing', moduleName: string, symbol: string): string =>
  verdict === 'different' ? `${moduleName}: disagrees about version of symbol ${symbol}` : `${moduleName}: no symbol version for ${symbol}`;
