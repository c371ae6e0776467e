// The `.modinfo` section: NUL-separated `key=value` strings, extra NULs allowed between them (spec 3.1).

import { latin1 } from '../../base/latin1.ts';

export class ModInfo {
  readonly entries: readonly (readonly [key: string, value: string])[];

  constructor(content: Uint8Array) {
    const entries: [string, string][] = [];
    for (let start = 0; start < content.length; ) {
      if (content[start] === 0) { start++; continue; }
      const nul = content.indexOf(0, start);
      const end = nul < 0 ? content.length : nul;
      const text = latin1(content, start, end);
      const equals = text.indexOf('=');
      if (equals >= 0) entries.push([text.slice(0, equals), text.slice(equals + 1)]);
      start = end + 1;
    }
    this.entries = entries;
  }
  /** The first value of `key`. */
  get(key: string): string | undefined {
    for (const entry of this.entries) if (entry[0] === key) return entry[1];
    return undefined;
  }
  has(key: string): boolean { return this.get(key) !== undefined; }
  all(key: string): string[] { return this.entries.filter((entry) => entry[0] === key).map((entry) => entry[1]); }
}

const gplCompatible = new Set(['GPL', 'GPL v2', 'GPL and additional rights', 'Dual BSD/GPL', 'Dual MIT/GPL', 'Dual MPL/GPL']);
export const isGplCompatible = (license: string): boolean => gplCompatible.has(license);

/** True if the version magics agree; the release word does not count when the module carries symbol versions (spec 3.3). */
export function isSameMagic(moduleMagic: string, kernelMagic: string, hasVersions: boolean): boolean {
  const significant = (magic: string): string => (hasVersions && magic.includes(' ') ? magic.slice(magic.indexOf(' ')) : hasVersions ? '' : magic);
  return significant(moduleMagic) === significant(kernelMagic);
}
