// %*ph and %*pE: a short buffer as hexadecimal bytes, or as a string with its unprintable bytes escaped. The width is the number
// of bytes.

import type { Ptr } from '../../base/ptr.ts';
import type { FormatContext } from './format-context.ts';
import { formatText } from './format-number.ts';
import type { Spec } from './format-spec.ts';

const HEX_STRING_MAX = 64;
const SEPARATORS: Readonly<Record<string, string>> = { C: ':', D: '-', N: '' };

export function formatHexString(letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  if (spec.width === 0) return '';
  const bad = context.badPointer(pointer);
  if (bad !== undefined) return formatText(bad, spec);
  const bytes = context.ram.bytes(pointer, Math.min(Math.max(spec.width, 1), HEX_STRING_MAX));
  return Array.from(bytes, hexByte).join(SEPARATORS[letters[1] ?? ''] ?? ' ');
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Classes of bytes to escape (Documentation/core-api/printk-formats.rst, "Raw buffer as an escaped string"). */
const CLASSES: Readonly<Record<string, readonly EscapeClass[]>> = {
  a: ['space', 'special', 'null', 'octal'],
  c: ['special'],
  h: ['hex'],
  n: ['null'],
  o: ['octal'],
  p: ['keepPrintable'],
  s: ['space'],
};
const DEFAULT_CLASSES: readonly EscapeClass[] = ['space', 'special', 'null', 'octal', 'keepPrintable'];

export type EscapeClass = 'space' | 'special' | 'null' | 'octal' | 'hex' | 'keepPrintable';

export function formatEscaped(letters: string, spec: Spec, pointer: Ptr, context: FormatContext): string {
  if (spec.width === 0) return '';
  const bad = context.badPointer(pointer);
  if (bad !== undefined) return formatText(bad, spec);
  const classes = new Set<EscapeClass>();
  for (const letter of letters.slice(1)) {
    const added = CLASSES[letter];
    if (!added) break;
    for (const name of added) classes.add(name);
  }
  const bytes = context.ram.bytes(pointer, Math.max(spec.width, 1));
  return escapeBytes(bytes, classes.size > 0 ? classes : new Set(DEFAULT_CLASSES));
}

const SPACES: Readonly<Record<number, string>> = { 10: '\\n', 13: '\\r', 9: '\\t', 11: '\\v', 12: '\\f' };
const SPECIALS: Readonly<Record<number, string>> = { 34: '\\"', 92: '\\\\', 7: '\\a', 27: '\\e' };

/** string_escape_mem(): the named classes first, then octal or hexadecimal for whatever is left. */
export function escapeBytes(bytes: Uint8Array, classes: ReadonlySet<EscapeClass>): string {
  return Array.from(bytes, (byte) => escapeByte(byte, classes)).join('');
}

function escapeByte(byte: number, classes: ReadonlySet<EscapeClass>): string {
  if (classes.has('keepPrintable') && isPrintable(byte)) return String.fromCharCode(byte);
  const space = classes.has('space') ? SPACES[byte] : undefined;
  if (space !== undefined) return space;
  const special = classes.has('special') ? SPECIALS[byte] : undefined;
  if (special !== undefined) return special;
  if (classes.has('null') && byte === 0) return '\\0';
  if (classes.has('octal')) return '\\' + byte.toString(8).padStart(3, '0');
  if (classes.has('hex')) return '\\x' + hexByte(byte);
  return String.fromCharCode(byte);
}

/** isprint() of the kernel: its character table is Latin-1. */
export const isPrintable = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || byte >= 0xa0;
