// kstrto*(), simple_strto*(), and the parsers of the kernel command line: get_option(), memparse(), next_arg().
// Linux: lib/kstrtox.c, lib/vsprintf.c, lib/cmdline.c.

import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Registers } from '../../cpu/api.ts';
import { RAX, RDI, RDX, RSI } from '../../ir/ir.ts';
import { type ExportTable, fn, raw } from '../exports/define.ts';
import { parseBool, parseS, parseU, radixOf, scanDigits } from '../number-text.ts';
import { isSpace } from './ctype.ts';

export function numberExports(ram: Ram): ExportTable {
  return { ...strictExports(ram), ...lenientExports(ram), ...commandLineExports(ram) };
}

function strictExports(ram: Ram): ExportTable {
  /** Bits beyond the longest number in base 2, its prefix, sign and newline are not looked at: any longer text is invalid. */
  const store = (result: bigint | number, at: Ptr, bytes: number): number => {
    if (typeof result === 'number') return result;
    if (bytes === 8) ram.writeU64(at, result);
    else if (bytes === 4) ram.writeU32(at, Number(result));
    else if (bytes === 2) ram.writeU16(at, Number(result));
    else ram.writeU8(at, Number(result));
    return 0;
  };
  const unsigned = (bytes: number) => (s: Ptr, base: number, result: Ptr): number => store(parseU(ram.cstring(s), base, bytes * 8), result, bytes);
  const signed = (bytes: number) => (s: Ptr, base: number, result: Ptr): number => store(parseS(ram.cstring(s), base, bytes * 8), result, bytes);
  return {
    kstrtoull: fn('kstrtoull', unsigned(8)),
    kstrtouint: fn('kstrtouint', unsigned(4)),
    kstrtou16: fn('kstrtou16', unsigned(2)),
    kstrtou8: fn('kstrtou8', unsigned(1)),
    kstrtoll: fn('kstrtoll', signed(8)),
    kstrtoint: fn('kstrtoint', signed(4)),
    kstrtos16: fn('kstrtos16', signed(2)),
    kstrtos8: fn('kstrtos8', signed(1)),
    _kstrtoul: fn('_kstrtoul', unsigned(8)),
    _kstrtol: fn('_kstrtol', signed(8)),
    kstrtobool: fn('kstrtobool', (s: Ptr, result: Ptr) => {
      const value = s === 0 ? undefined : parseBool(ram.cstring(s, 4));
      if (value === undefined) return -ERRNO.EINVAL;
      ram.writeU8(result, value ? 1 : 0);
      return 0;
    }),
  };
}

/** simple_strto*(): as many digits as there are, the rest is the caller's; wraps around. */
function lenientExports(ram: Ram): ExportTable {
  const parse = (isSigned: boolean) => (regs: Registers): void => {
    const s = regs.get(RDI);
    const endAt = regs.get(RSI);
    const text = ram.cstring(s);
    const isNegative = isSigned && text.startsWith('-');
    const sign = isNegative ? 1 : 0;
    const { base, start } = radixOf(text.slice(sign), regs.get(RDX) & 0xffff_ffff);
    const { value, end } = scanDigits(text, sign + start, base);
    if (endAt !== 0) ram.writePtr(endAt, s + end);
    regs.set(RAX, BigInt.asIntN(64, isNegative ? -value : value));
  };
  return {
    simple_strtoul: raw(parse(false)),
    simple_strtoull: raw(parse(false)),
    simple_strtol: raw(parse(true)),
    simple_strtoll: raw(parse(true)),
  };
}

const UNITS = 'kmgtpe';

function commandLineExports(ram: Ram): ExportTable {
  /** 0: no number. 1: a number ends the text. 2: a comma follows. 3: a range `n-` follows. */
  const getOption = (cursor: Ptr, result: Ptr): number => {
    const s = ram.readPtr(cursor);
    if (s === 0) return 0;
    const text = ram.cstring(s);
    if (text === '') return 0;
    const sign = text.startsWith('-') ? 1 : 0;
    const { base, start } = radixOf(text.slice(sign), 0);
    const { value, end } = scanDigits(text, sign + start, base);
    if (result !== 0) ram.writeU32(result, Number(BigInt.asIntN(32, sign === 1 ? -value : value)));
    const stop = end === sign + start ? 0 : end;
    ram.writePtr(cursor, s + stop + (text[stop] === ',' ? 1 : 0));
    if (stop === 0) return 0;
    if (text[stop] === ',') return 2;
    return text[stop] === '-' ? 3 : 1;
  };
  /** All numbers and ranges of a list into `ints[1..]`, their count into `ints[0]`; where it stopped. */
  const getOptions = (s: Ptr, capacity: number, ints: Ptr): Ptr => {
    const text = ram.cstring(s);
    const found: number[] = [];
    let at = 0;
    const validates = capacity === 0;
    const room = (): boolean => validates || found.length + 1 < capacity;
    while (room() && at < text.length) {
      const match = /^-?(0x[0-9a-f]+|\d+)/i.exec(text.slice(at));
      if (!match) break;
      at += match[0].length;
      const value = Number(BigInt.asIntN(32, signedValue(match[0])));
      if (text[at] === '-') {
        const upper = /^-(-?(?:0x[0-9a-f]+|\d+))/i.exec(text.slice(at));
        const last = upper ? Number(BigInt.asIntN(32, signedValue(upper[1]!))) : value - 1;
        if (!upper || last < value) break;
        at += upper[0].length;
        for (let n = value; n <= last && room(); n++) found.push(n);
      } else found.push(value);
      if (text[at] !== ',') break;
      at++;
    }
    ram.writeU32(ints, found.length);
    if (!validates) found.forEach((n, i) => { ram.writeU32(ints + 4 + i * 4, n); });
    return s + at;
  };
  return {
    get_option: fn('get_option', getOption),
    get_options: fn('get_options', getOptions),
    memparse: fn('memparse', (s: Ptr, endAt: Ptr) => {
      const text = ram.cstring(s);
      const { base, start } = radixOf(text, 0);
      const { value, end } = scanDigits(text, start, base);
      const unit = UNITS.indexOf((text[end] ?? '-').toLowerCase());
      if (endAt !== 0) ram.writePtr(endAt, s + end + (unit < 0 ? 0 : 1));
      return BigInt.asUintN(64, value << BigInt((unit + 1) * 10));
    }),
    next_arg: fn('next_arg', (args: Ptr, paramAt: Ptr, valueAt: Ptr) => nextArgument(ram, args, paramAt, valueAt)),
  };
}

function signedValue(text: string): bigint {
  const sign = text.startsWith('-') ? 1 : 0;
  const { base, start } = radixOf(text.slice(sign), 0);
  const { value } = scanDigits(text, sign + start, base);
  return sign === 1 ? -value : value;
}

/** Splits `name=value rest` in place: quotes group words and are taken off. Returns the rest. */
function nextArgument(ram: Ram, args: Ptr, paramAt: Ptr, valueAt: Ptr): Ptr {
  const whole = ram.cstring(args);
  const isQuoted = whole.startsWith('"');
  const first = isQuoted ? 1 : 0;
  let inQuote = isQuoted;
  let equals = 0;
  let end = first;
  for (; end < whole.length; end++) {
    if (isSpace(whole.charCodeAt(end)) && !inQuote) break;
    if (equals === 0 && whole[end] === '=') equals = end;
    if (whole[end] === '"') inQuote = !inQuote;
  }
  ram.writePtr(paramAt, args + first);
  if (equals === 0) ram.writePtr(valueAt, 0);
  else {
    ram.writeU8(args + equals, 0);
    let value = equals + 1;
    // A quote right after the equals sign belongs to the value and goes, like the one that ends it.
    if (whole[value] === '"') {
      value++;
      if (whole[end - 1] === '"') ram.writeU8(args + end - 1, 0);
    }
    ram.writePtr(valueAt, args + value);
  }
  if (isQuoted && end > 0 && whole[end - 1] === '"') ram.writeU8(args + end - 1, 0);
  let next = args + end;
  if (end < whole.length) {
    ram.writeU8(next, 0);
    next++;
  }
  while (isSpace(ram.readU8(next))) next++;
  return next;
}
