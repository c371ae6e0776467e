// Memory and string functions. Strings are walked in RAM through one byte view; running off the end of RAM faults as a bad
// pointer does. memcpy, memmove and memset have no prototype in BTF (assembly), so they read their registers themselves.
// Linux: lib/string.c, lib/string_helpers.c, arch/x86/lib/.

import type { Ptr } from '../../base/ptr.ts';
import { MemoryFault, type Ram } from '../../base/ram.ts';
import type { Registers } from '../../cpu/api.ts';
import { RAX, RDI, RDX, RSI } from '../../ir/ir.ts';
import { type ExportTable, fn, raw, since } from '../exports/define.ts';
import type { Reporter, SourceLine } from '../services.ts';
import { isSpace, toLower } from './ctype.ts';

const E2BIG = 7;
const EINVAL = 22;

export interface StringDeps {
  readonly ram: Ram;
  readonly reporter: Reporter;
  readonly strreplaceReturnsStart: boolean;
  /** WARN in strscpy() for an absurd size. */
  readonly strscpyWarning: SourceLine;
  /** BUG in strlcat() for a destination without terminator. */
  readonly strlcatBug: SourceLine;
}

export function stringExports(deps: StringDeps): ExportTable {
  return { ...memoryExports(deps.ram), ...copyExports(deps), ...compareExports(deps.ram), ...searchExports(deps.ram, deps.strreplaceReturnsStart), ...arrayExports(deps.ram) };
}

/** A size_t from a register: beyond 2^53 it is larger than RAM either way. */
const size = (regs: Registers, reg: number): number => {
  const value = regs.get(reg);
  return value < 0 ? Number.POSITIVE_INFINITY : value;
};
const checked = (addr: Ptr, n: number, isWrite: boolean): number => {
  if (n !== Number.POSITIVE_INFINITY) return n;
  throw new MemoryFault(addr, 8, isWrite);
};

function memoryExports(ram: Ram): ExportTable {
  const move = (regs: Registers): void => {
    const dest = regs.get(RDI);
    const n = checked(dest, size(regs, RDX), true);
    if (n > 0) ram.copy(dest, regs.get(RSI), n);
    regs.set(RAX, dest);
  };
  const set = (regs: Registers): void => {
    const dest = regs.get(RDI);
    const n = checked(dest, size(regs, RDX), true);
    if (n > 0) ram.fill(dest, n, regs.get(RSI) & 0xff);
    regs.set(RAX, dest);
  };
  return {
    memcpy: raw(move),
    __memcpy: raw(move),
    memmove: raw(move),
    __memmove: raw(move),
    memset: raw(set),
    __memset: raw(set),
    memcpy_and_pad: fn('memcpy_and_pad', (dest: Ptr, destLength: number, src: Ptr, count: number, pad: number) => {
      const copied = Math.min(destLength, count);
      if (copied > 0) ram.copy(dest, src, copied);
      if (destLength > copied) ram.fill(dest + copied, destLength - copied, pad & 0xff);
    }),
    memcmp: fn('memcmp', (a: Ptr, b: Ptr, n: number) => n === 0 ? 0 : compareBytes(ram.bytes(a, n), ram.bytes(b, n))),
    bcmp: fn('bcmp', (a: Ptr, b: Ptr, n: number) => n === 0 ? 0 : compareBytes(ram.bytes(a, n), ram.bytes(b, n))),
    memchr: fn('memchr', (s: Ptr, c: number, n: number) => {
      const at = n === 0 ? -1 : reachable(ram, s, n).indexOf(c & 0xff);
      return at >= 0 ? s + at : notFound(ram, s, n);
    }),
    memscan: fn('memscan', (s: Ptr, c: number, n: number) => {
      const at = n === 0 ? -1 : reachable(ram, s, n).indexOf(c & 0xff);
      return at >= 0 ? s + at : s + n;
    }),
    memchr_inv: fn('memchr_inv', (s: Ptr, c: number, n: number) => {
      const at = n === 0 ? -1 : ram.bytes(s, n).findIndex((byte) => byte !== (c & 0xff));
      return at >= 0 ? s + at : 0;
    }),
    memweight: fn('memweight', (s: Ptr, n: number) => n === 0 ? 0 : ram.bytes(s, n).reduce((sum, byte) => sum + bitCount(byte), 0)),
  };
}

/** The bytes of [s, s+n) that exist: a search may succeed before the range leaves RAM. */
function reachable(ram: Ram, s: Ptr, n: number): Uint8Array {
  const offset = ram.offset(s, 1);
  return ram.u8.subarray(offset, Math.min(offset + n, ram.sizeBytes));
}
function notFound(ram: Ram, s: Ptr, n: number): 0 {
  if (n > 0 && !ram.has(s, n)) throw new MemoryFault(s + n - 1, 1, false);
  return 0;
}
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
function bitCount(byte: number): number {
  let n = byte;
  n -= (n >> 1) & 0x55;
  n = (n & 0x33) + ((n >> 2) & 0x33);
  return (n + (n >> 4)) & 0xf;
}

function copyExports({ ram, reporter, strscpyWarning, strlcatBug }: StringDeps): ExportTable {
  const strcpy = (dest: Ptr, src: Ptr): Ptr => {
    ram.copy(dest, src, ram.strnlen(src) + 1);
    return dest;
  };
  /** Copies what fits, always terminates; the length, or -E2BIG when the source did not fit. */
  const strscpy = (dest: Ptr, src: Ptr, n: number): number => {
    if (n === 0) return -E2BIG;
    if (n > 0x7fff_ffff) {
      reporter.warn(strscpyWarning, '');
      return -E2BIG;
    }
    const length = ram.strnlen(src, n);
    const copied = Math.min(length, n - 1);
    if (copied > 0) ram.copy(dest, src, copied);
    ram.writeU8(dest + copied, 0);
    return length === n ? -E2BIG : length;
  };
  const strlcpy = (dest: Ptr, src: Ptr, n: number): number => {
    const length = ram.strnlen(src);
    if (n > 0) {
      const copied = Math.min(length, n - 1);
      if (copied > 0) ram.copy(dest, src, copied);
      ram.writeU8(dest + copied, 0);
    }
    return length;
  };
  const append = (dest: Ptr, src: Ptr, length: number): Ptr => {
    const end = dest + ram.strnlen(dest);
    if (length > 0) ram.copy(end, src, length);
    ram.writeU8(end + length, 0);
    return dest;
  };
  return {
    strcpy: fn('strcpy', strcpy),
    stpcpy: fn('stpcpy', (dest: Ptr, src: Ptr) => {
      const length = ram.strnlen(src);
      ram.copy(dest, src, length + 1);
      return dest + length;
    }),
    strncpy: fn('strncpy', (dest: Ptr, src: Ptr, n: number) => {
      const length = n === 0 ? 0 : ram.strnlen(src, n);
      if (length > 0) ram.copy(dest, src, length);
      if (n > length) ram.fill(dest + length, n - length);
      return dest;
    }),
    strlcpy: fn('strlcpy', strlcpy),
    strscpy: fn('strscpy', strscpy),
    sized_strscpy: since([6, 12], fn('sized_strscpy', strscpy)),
    strscpy_pad: fn('strscpy_pad', (dest: Ptr, src: Ptr, n: number) => {
      const written = strscpy(dest, src, n);
      if (written >= 0 && written + 1 < n) ram.fill(dest + written + 1, n - written - 1);
      return written;
    }),
    strcat: fn('strcat', (dest: Ptr, src: Ptr) => append(dest, src, ram.strnlen(src))),
    strncat: fn('strncat', (dest: Ptr, src: Ptr, n: number) => n === 0 ? dest : append(dest, src, ram.strnlen(src, n))),
    strlcat: fn('strlcat', (dest: Ptr, src: Ptr, n: number) => {
      const before = ram.strnlen(dest);
      const added = ram.strnlen(src);
      if (before >= n) reporter.bug(strlcatBug);
      const copied = Math.min(added, n - before - 1);
      if (copied > 0) ram.copy(dest + before, src, copied);
      ram.writeU8(dest + before + copied, 0);
      return before + added;
    }),
  };
}

function compareExports(ram: Ram): ExportTable {
  const same = (byte: number): number => byte;
  /** Difference of the first two bytes that differ, 0 for equal strings. */
  const compare = (a: Ptr, b: Ptr, max: number, fold: (byte: number) => number): number => {
    const { u8 } = ram;
    if (max === 0) return 0;
    const from = ram.offset(a, 1);
    const to = ram.offset(b, 1);
    for (let i = 0; i < max; i++) {
      const x = u8[from + i];
      const y = u8[to + i];
      if (x === undefined || y === undefined) throw new MemoryFault((x === undefined ? a : b) + i, 1, false);
      const folded = fold(x);
      if (folded !== fold(y)) return folded - fold(y);
      if (x === 0) break;
    }
    return 0;
  };
  const streqLine = (a: Ptr, b: Ptr): boolean => {
    const x = ram.cstring(a).replace(/\n$/, '');
    return x === ram.cstring(b).replace(/\n$/, '');
  };
  // strcmp() and strncmp() return -1, 0, 1; the case-insensitive ones the difference.
  return {
    strcmp: fn('strcmp', (a: Ptr, b: Ptr) => Math.sign(compare(a, b, Number.POSITIVE_INFINITY, same))),
    strncmp: fn('strncmp', (a: Ptr, b: Ptr, n: number) => Math.sign(compare(a, b, n, same))),
    strcasecmp: fn('strcasecmp', (a: Ptr, b: Ptr) => compare(a, b, Number.POSITIVE_INFINITY, toLower)),
    strncasecmp: fn('strncasecmp', (a: Ptr, b: Ptr, n: number) => compare(a, b, n, toLower)),
    sysfs_streq: fn('sysfs_streq', streqLine),
    strlen: fn('strlen', (s: Ptr) => ram.strnlen(s)),
    strnlen: fn('strnlen', (s: Ptr, n: number) => ram.strnlen(s, n)),
  };
}

/** `returnsStart`: what strreplace() returns since 6.5; before, it was the end. */
function searchExports(ram: Ram, returnsStart: boolean): ExportTable {
  const findChar = (s: Ptr, c: number, length: number): number => {
    const offset = ram.offset(s, length + 1);
    const at = ram.u8.subarray(offset, offset + length + 1).indexOf(c & 0xff);
    return at;
  };
  const span = (s: Ptr, set: Ptr, isIn: boolean): number => {
    const members = new Set(ram.cstring(set));
    const text = ram.cstring(s);
    let n = 0;
    while (n < text.length && members.has(text[n]!) === isIn) n++;
    return n;
  };
  const indexIn = (haystack: string, needle: Ptr, base: Ptr): Ptr => {
    const at = haystack.indexOf(ram.cstring(needle));
    return at < 0 ? 0 : base + at;
  };
  return {
    strchr: fn('strchr', (s: Ptr, c: number) => {
      const at = findChar(s, c, ram.strnlen(s));
      return at < 0 ? 0 : s + at;
    }),
    strchrnul: fn('strchrnul', (s: Ptr, c: number) => {
      const length = ram.strnlen(s);
      const at = findChar(s, c, length);
      return s + (at < 0 ? length : at);
    }),
    strnchr: fn('strnchr', (s: Ptr, n: number, c: number) => {
      for (let i = 0; i < n; i++) {
        const byte = ram.readU8(s + i);
        if (byte === (c & 0xff)) return s + i;
        if (byte === 0) break;
      }
      return 0;
    }),
    strrchr: fn('strrchr', (s: Ptr, c: number) => {
      const offset = ram.offset(s, 1);
      const at = ram.u8.subarray(offset, offset + ram.strnlen(s) + 1).lastIndexOf(c & 0xff);
      return at < 0 ? 0 : s + at;
    }),
    strstr: fn('strstr', (s: Ptr, needle: Ptr) => indexIn(ram.cstring(s), needle, s)),
    strnstr: fn('strnstr', (s: Ptr, needle: Ptr, n: number) => {
      const wanted = ram.cstring(needle);
      if (wanted === '') return s;
      return n < wanted.length ? 0 : indexIn(ram.cstring(s, n), needle, s);
    }),
    strspn: fn('strspn', (s: Ptr, accept: Ptr) => span(s, accept, true)),
    strcspn: fn('strcspn', (s: Ptr, reject: Ptr) => span(s, reject, false)),
    strpbrk: fn('strpbrk', (s: Ptr, accept: Ptr) => {
      const at = s + span(s, accept, false);
      return ram.readU8(at) === 0 ? 0 : at;
    }),
    strsep: fn('strsep', (cursor: Ptr, delimiters: Ptr) => {
      const start = ram.readPtr(cursor);
      if (start === 0) return 0;
      const end = start + span(start, delimiters, false);
      if (ram.readU8(end) === 0) ram.writePtr(cursor, 0);
      else {
        ram.writeU8(end, 0);
        ram.writePtr(cursor, end + 1);
      }
      return start;
    }),
    skip_spaces: fn('skip_spaces', (s: Ptr) => skipSpaces(ram, s)),
    strim: fn('strim', (s: Ptr) => {
      let end = ram.strnlen(s);
      while (end > 0 && isSpace(ram.readU8(s + end - 1))) end--;
      if (ram.readU8(s) !== 0) ram.writeU8(s + end, 0);
      return skipSpaces(ram, s);
    }),
    strreplace: fn('strreplace', (s: Ptr, from: number, to: number) => {
      const length = ram.strnlen(s);
      const bytes = ram.bytes(s, length + 1);
      for (let i = 0; i < length; i++) if (bytes[i] === (from & 0xff)) bytes[i] = to & 0xff;
      return returnsStart ? s : s + length;
    }),
  };
}

/** match_string() and __sysfs_match_string(): position in an array of strings that NULL or the count ends. */
function arrayExports(ram: Ram): ExportTable {
  const find = (array: Ptr, n: number, isEqual: (item: string) => boolean): number => {
    for (let i = 0; i < n; i++) {
      const item = ram.readPtr(array + i * 8);
      if (item === 0) break;
      if (isEqual(ram.cstring(item))) return i;
    }
    return -EINVAL;
  };
  return {
    match_string: fn('match_string', (array: Ptr, n: number, text: Ptr) => {
      const wanted = ram.cstring(text);
      return find(array, n, (item) => item === wanted);
    }),
    __sysfs_match_string: fn('__sysfs_match_string', (array: Ptr, n: number, text: Ptr) => {
      const wanted = ram.cstring(text).replace(/\n$/, '');
      return find(array, n, (item) => item.replace(/\n$/, '') === wanted);
    }),
  };
}

export function skipSpaces(ram: Ram, s: Ptr): Ptr {
  let at = s;
  while (isSpace(ram.readU8(at))) at++;
  return at;
}
