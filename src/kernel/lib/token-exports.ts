// Option strings of file systems (match_token() and friends), shell-like patterns, words of a line. Linux: lib/parser.c,
// lib/glob.c, lib/argv_split.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn } from '../exports/define.ts';
import type { Allocator } from '../services.ts';
import { isSpace } from './ctype.ts';
import { parseS, parseU, radixOf, scanDigits } from '../number-text.ts';

const MAX_OPT_ARGS = 3;
const GFP_KERNEL = 0xcc0;

interface Span { readonly from: number; readonly to: number }

export function tokenExports(ram: Ram, abi: Abi, allocator: Allocator): ExportTable {
  const entry = { size: abi.sizeOf('match_token'), token: abi.struct('match_token').offset('token'), pattern: abi.struct('match_token').offset('pattern') };
  const substring = { size: abi.sizeOf('substring_t'), from: abi.struct('substring_t').offset('from'), to: abi.struct('substring_t').offset('to') };
  const textOf = (arg: Ptr): string => {
    const from = ram.readPtr(arg + substring.from);
    return ram.cstring(from, ram.readPtr(arg + substring.to) - from);
  };
  const number = (arg: Ptr, result: Ptr, base: number): number => {
    const value = parseS(textOf(arg), base, 32);
    if (typeof value === 'number') return value;
    ram.writeU32(result, Number(value));
    return 0;
  };
  const unsigned = (arg: Ptr, result: Ptr, bits: 32 | 64): number => {
    const value = parseU(textOf(arg), 0, bits);
    if (typeof value === 'number') return value;
    if (bits === 64) ram.writeU64(result, value);
    else ram.writeU32(result, Number(value));
    return 0;
  };
  const duplicate = (text: string): Ptr => {
    const copy = allocator.kmalloc(text.length + 1, GFP_KERNEL);
    if (copy !== 0) ram.writeCString(copy, text);
    return copy;
  };
  return {
    match_token: fn('match_token', (s: Ptr, table: Ptr, args: Ptr) => {
      const text = ram.cstring(s);
      for (let at = table; ; at += entry.size) {
        const pattern = ram.readPtr(at + entry.pattern);
        const spans = pattern === 0 ? [] : matchPattern(text, ram.cstring(pattern));
        if (spans === undefined) continue;
        spans.forEach((span, i) => {
          ram.writePtr(args + i * substring.size + substring.from, s + span.from);
          ram.writePtr(args + i * substring.size + substring.to, s + span.to);
        });
        return ram.readI32(at + entry.token);
      }
    }),
    match_int: fn('match_int', (arg: Ptr, result: Ptr) => number(arg, result, 0)),
    match_octal: fn('match_octal', (arg: Ptr, result: Ptr) => number(arg, result, 8)),
    match_hex: fn('match_hex', (arg: Ptr, result: Ptr) => number(arg, result, 16)),
    match_uint: fn('match_uint', (arg: Ptr, result: Ptr) => unsigned(arg, result, 32)),
    match_u64: fn('match_u64', (arg: Ptr, result: Ptr) => unsigned(arg, result, 64)),
    match_wildcard: fn('match_wildcard', (pattern: Ptr, s: Ptr) => globMatch(ram.cstring(pattern), ram.cstring(s), false)),
    match_strdup: fn('match_strdup', (arg: Ptr) => duplicate(textOf(arg))),
    match_strlcpy: fn('match_strlcpy', (dest: Ptr, arg: Ptr, size: number) => {
      const text = textOf(arg);
      if (size > 0) ram.writeCString(dest, text.slice(0, size - 1));
      return text.length;
    }),
    glob_match: fn('glob_match', (pattern: Ptr, s: Ptr) => globMatch(ram.cstring(pattern), ram.cstring(s), true)),
    argv_split: fn('argv_split', (_gfp: number, s: Ptr, countAt: Ptr) => {
      const words = splitWords(ram.cstring(s));
      // One block: a word-sized slot with the copy of the line, the pointers, NULL.
      const copy = duplicate(ram.cstring(s));
      const vector = copy === 0 ? 0 : allocator.kmalloc((words.length + 2) * 8, GFP_KERNEL);
      if (vector === 0) {
        if (copy !== 0) allocator.kfree(copy);
        return 0;
      }
      ram.writePtr(vector, copy);
      words.forEach((word, i) => {
        ram.writePtr(vector + 8 + i * 8, copy + word.from);
        ram.writeU8(copy + word.to, 0);
      });
      ram.writePtr(vector + 8 + words.length * 8, 0);
      if (countAt !== 0) ram.writeU32(countAt, words.length);
      return vector + 8;
    }),
    argv_free: fn('argv_free', (argv: Ptr) => {
      allocator.kfree(ram.readPtr(argv - 8));
      allocator.kfree(argv - 8);
    }),
  };
}

function splitWords(text: string): Span[] {
  const words: Span[] = [];
  for (let at = 0; at < text.length;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    const from = at;
    while (at < text.length && !isSpace(text.charCodeAt(at))) at++;
    if (at > from) words.push({ from, to: at });
  }
  return words;
}

/**
 * match_token()'s patterns: text with %s (the rest, or n characters with %ns), %d %i %u %o %x (a number) and %%. Returns the
 * places of the arguments, or undefined when the text does not match.
 */
function matchPattern(text: string, pattern: string): Span[] | undefined {
  const spans: Span[] = [];
  let at = 0;
  for (let p = 0; p < pattern.length;) {
    if (pattern[p] !== '%') {
      if (text[at] !== pattern[p]) return undefined;
      at++;
      p++;
      continue;
    }
    p++;
    const width = /^\d+/.exec(pattern.slice(p))?.[0] ?? '';
    p += width.length;
    const kind = pattern[p++];
    if (kind === '%') {
      if (width !== '' || text[at++] !== '%') return undefined;
      continue;
    }
    if (spans.length >= MAX_OPT_ARGS) return undefined;
    const span = argument(text, at, kind, width === '' ? Number.POSITIVE_INFINITY : Number(width));
    if (span === undefined) return undefined;
    spans.push(span);
    at = span.to;
  }
  return at === text.length ? spans : undefined;
}

function argument(text: string, at: number, kind: string | undefined, width: number): Span | undefined {
  if (kind === 's') {
    const to = Math.min(text.length, at + width);
    return to > at ? { from: at, to } : undefined;
  }
  const bases: Record<string, number> = { d: 0, u: 0, i: 0, o: 8, x: 16 };
  const base = bases[kind ?? ''];
  if (base === undefined) return undefined;
  const sign = kind === 'd' && text[at] === '-' ? 1 : 0;
  const radix = radixOf(text.slice(at + sign), base);
  const { end } = scanDigits(text, at + sign + radix.start, radix.base);
  return end === at + sign + radix.start ? undefined : { from: at, to: end };
}

/** `*` and `?`, and [sets] and \ where `hasClasses`. */
export function globMatch(pattern: string, text: string, hasClasses: boolean): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length || p < pattern.length) {
    const next = p < pattern.length ? matchOne(pattern, p, text[t], hasClasses) : undefined;
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (next !== undefined && t < text.length) {
      p = next;
      t++;
    } else if (star >= 0 && resume < text.length) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  return true;
}

/** Where the pattern goes on when its element at `p` matches `character`. */
function matchOne(pattern: string, p: number, character: string | undefined, hasClasses: boolean): number | undefined {
  const element = pattern[p]!;
  if (element === '?') return p + 1;
  if (hasClasses && element === '\\') return pattern[p + 1] === character ? p + 2 : undefined;
  if (hasClasses && element === '[') {
    const set = /^\[(!?)(\]?[^\]]*)\]/.exec(pattern.slice(p));
    if (set) return inSet(set[2]!, character) === (set[1] === '') ? p + set[0].length : undefined;
  }
  return element === character ? p + 1 : undefined;
}

function inSet(set: string, character: string | undefined): boolean {
  if (character === undefined) return false;
  for (let i = 0; i < set.length; i++) {
    if (set[i + 1] === '-' && i + 2 < set.length) {
      if (character >= set[i]! && character <= set[i + 2]!) return true;
      i += 2;
    } else if (set[i] === character) return true;
  }
  return false;
}

