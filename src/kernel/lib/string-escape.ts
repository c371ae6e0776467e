// Escaping of bytes as text, and sizes for people. Linux: lib/string_helpers.c, include/linux/string_helpers.h.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import { isPrintable } from './ctype.ts';

const ESCAPE = { SPACE: 1, SPECIAL: 2, NULL: 4, OCTAL: 8, NP: 16, HEX: 32, NA: 64, NAP: 128, APPEND: 256 } as const;
const UNESCAPE = { SPACE: 1, OCTAL: 2, HEX: 4, SPECIAL: 8 } as const;

const SPACES: Record<string, string> = { '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\f': 'f' };
const SPECIALS: Record<string, string> = { '\\': '\\', '\x07': 'a', '\x1b': 'e', '"': '"' };
const UNSPACE: Record<string, string> = { n: '\n', r: '\r', t: '\t', v: '\v', f: '\f' };
const UNSPECIAL: Record<string, string> = { '"': '"', '\\': '\\', a: '\x07', e: '\x1b' };

export function escapeByte(byte: number, flags: number, only: string): string {
  const character = String.fromCharCode(byte);
  const isListed = only.includes(character);
  const isAppended = (flags & ESCAPE.APPEND) !== 0 && isListed;
  const isLeftAlone = (only !== '' && (flags & ESCAPE.APPEND) === 0 && !isListed)
    || ((flags & ESCAPE.NP) !== 0 && isPrintable(byte))
    || ((flags & ESCAPE.NA) !== 0 && byte < 0x80)
    || ((flags & ESCAPE.NAP) !== 0 && byte < 0x80 && isPrintable(byte));
  if (isLeftAlone && !isAppended) return character;
  if ((flags & ESCAPE.SPACE) !== 0 && SPACES[character] !== undefined) return `\\${SPACES[character]}`;
  if ((flags & ESCAPE.SPECIAL) !== 0 && SPECIALS[character] !== undefined) return `\\${SPECIALS[character]}`;
  if ((flags & ESCAPE.NULL) !== 0 && byte === 0) return '\\0';
  if ((flags & ESCAPE.OCTAL) !== 0) return `\\${byte.toString(8).padStart(3, '0')}`;
  if ((flags & ESCAPE.HEX) !== 0) return `\\x${byte.toString(16).padStart(2, '0')}`;
  return character;
}

export function unescapeText(text: string, flags: number): string {
  return text.replace(/\\(x[0-9a-f]{1,2}|[0-3]?[0-7]{1,2}|[\s\S])/gi, (whole, code: string) => {
    if ((flags & UNESCAPE.SPACE) !== 0 && UNSPACE[code] !== undefined) return UNSPACE[code];
    if ((flags & UNESCAPE.OCTAL) !== 0 && /^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if ((flags & UNESCAPE.HEX) !== 0 && /^x[0-9a-f]/i.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if ((flags & UNESCAPE.SPECIAL) !== 0 && UNSPECIAL[code] !== undefined) return UNSPECIAL[code];
    return whole;
  });
}

const SI = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];
/** 6.12: flags beside the unit. */
const NO_SPACE = 1 << 30, NO_BYTES = 2 ** 31;

/** Three significant digits: `1.21 GB`. */
export function sizeText(bytes: bigint, units: number): string {
  const isBinary = (units & 1) === 1;
  const step = isBinary ? 1024n : 1000n;
  let power = 0;
  let scale = 1n;
  while (bytes / scale >= step && power < SI.length - 1) {
    scale *= step;
    power++;
  }
  const unit = (isBinary ? BINARY : SI)[power]!;
  const suffix = `${(units & NO_SPACE) !== 0 ? '' : ' '}${(units >>> 0) >= NO_BYTES ? unit.slice(0, -1) : unit}`;
  if (power === 0) return `${bytes}${suffix}`;
  const decimals = bytes / scale >= 100n ? 0 : bytes / scale >= 10n ? 1 : 2;
  const factor = 10n ** BigInt(decimals);
  const rounded = (bytes * factor * 2n + scale) / (scale * 2n);
  const digits = rounded.toString().padStart(decimals + 1, '0');
  return decimals === 0 ? `${digits}${suffix}` : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}${suffix}`;
}

export function stringEscapeExports(ram: Ram, sizeTextReturnsLength: boolean): ExportTable {
  const store = (buffer: Ptr, capacity: number, text: string): void => {
    if (capacity > 0) ram.writeCString(buffer, text.slice(0, capacity - 1));
  };
  return {
    string_get_size: fn('string_get_size', ((size: bigint, blockSize: bigint, units: number, buffer: Ptr, length: number) => {
      const text = sizeText(size * blockSize, units);
      store(buffer, length, text);
      return sizeTextReturnsLength ? text.length : undefined;
    }) as (size: bigint, blockSize: bigint, units: number, buffer: Ptr, length: number) => void),
    string_unescape: fn('string_unescape', (src: Ptr, dest: Ptr, capacity: number, flags: number) => {
      const text = unescapeText(ram.cstring(src), flags);
      const kept = capacity === 0 ? text : text.slice(0, capacity - 1);
      ram.writeCString(dest, kept);
      return kept.length;
    }),
    // Like snprintf(): the length that all of it would have, and no terminator.
    string_escape_mem: fn('string_escape_mem', (src: Ptr, size: number, dest: Ptr, capacity: number, flags: number, only: Ptr) => {
      const list = only === 0 ? '' : ram.cstring(only);
      let length = 0;
      for (let i = 0; i < size; i++) {
        const text = escapeByte(ram.readU8(src + i), flags, list);
        for (let c = 0; c < text.length; c++) if (length + c < capacity) ram.writeU8(dest + length + c, text.charCodeAt(c));
        length += text.length;
      }
      return length;
    }),
  };
}
