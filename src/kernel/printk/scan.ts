// sscanf: a format read against text, results stored through the pointers that follow. Latin-1 text as elsewhere.
// Linux: lib/vsprintf.c, vsscanf(). Differs from C: a set (`%[...]`) needs a width, `%*` skips to the next white space.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { VaList } from '../exports/define.ts';

const isSpace = (char: string | undefined): boolean => char !== undefined && /[\t-\r \xa0]/.test(char);
const CONVERSION = /(\d+)?(hh|ll|[hlLz])?(?:\[(\^?[^\]]*)\]|(.))/sy;
const BASES: Readonly<Record<string, number>> = { o: 8, x: 16, X: 16, d: 10, i: 0, u: 10 };
const SIZES: Readonly<Record<string, 1 | 2 | 4 | 8>> = { hh: 1, h: 2, '': 4, l: 8, ll: 8, L: 8, z: 8 };
/** Widest %s without a width of its own. */
const STRING_MAX = 32767;

/** Returns the number of values stored. */
export function scanText(ram: Ram, text: string, format: string, args: VaList): number {
  return new Scan(ram, text, format, args).run();
}

class Scan {
  readonly #ram: Ram;
  readonly #text: string;
  readonly #format: string;
  readonly #args: VaList;
  #at = 0;
  #stored = 0;

  constructor(ram: Ram, text: string, format: string, args: VaList) {
    this.#ram = ram;
    this.#text = text;
    this.#format = format;
    this.#args = args;
  }

  run(): number {
    const format = this.#format;
    for (let f = 0; f < format.length;) {
      if (isSpace(format[f])) {
        while (isSpace(format[f])) f++;
        this.#skipSpaces();
        continue;
      }
      if (format[f] !== '%') {
        if (this.#text[this.#at] !== format[f]) return this.#stored;
        f++;
        this.#at++;
        continue;
      }
      const next = format[f + 1] === '*' ? this.#skipField(f + 2) : this.#field(f + 1);
      if (next < 0) return this.#stored;
      f = next;
    }
    return this.#stored;
  }

  /** Both format and text go on behind the next white space. */
  #skipField(f: number): number {
    if (this.#text[this.#at] === undefined || this.#format[f] === '[') return -1;
    let end = f;
    while (this.#format[end] !== undefined && !isSpace(this.#format[end]) && this.#format[end] !== '%') end++;
    while (this.#text[this.#at] !== undefined && !isSpace(this.#text[this.#at])) this.#at++;
    return end;
  }

  /** One conversion that starts behind the percent sign; returns where the format goes on, -1 to stop. */
  #field(start: number): number {
    CONVERSION.lastIndex = start;
    const match = CONVERSION.exec(this.#format);
    if (!match) return -1;
    const next = CONVERSION.lastIndex;
    const [, widthText, length = '', set, letter = ''] = match;
    const width = widthText === undefined ? -1 : Number(widthText);
    if (width === 0) return -1;
    if (letter === 'n') {
      this.#ram.writeU32(this.#pointer(), this.#at);
      return next;
    }
    if (this.#text[this.#at] === undefined) return -1;
    if (set !== undefined) return width > 0 && this.#set(set, width) ? next : -1;
    switch (letter) {
      case 'c': this.#chars(width); return next;
      case 's': this.#string(width); return next;
      case '%':
        if (this.#text[this.#at] !== '%') return -1;
        this.#at++;
        return next;
      default: return letter in BASES && this.#integer(BASES[letter]!, letter === 'd' || letter === 'i', SIZES[length]!, width) ? next : -1;
    }
  }

  #chars(width: number): void {
    const pointer = this.#pointer();
    const taken = this.#text.slice(this.#at, this.#at + Math.max(width, 1));
    for (let i = 0; i < taken.length; i++) this.#ram.writeU8(pointer + i, taken.charCodeAt(i));
    this.#at += taken.length;
    this.#stored++;
  }
  #string(width: number): void {
    this.#skipSpaces();
    const limit = this.#at + (width < 0 ? STRING_MAX : width);
    const from = this.#at;
    while (this.#at < limit && this.#text[this.#at] !== undefined && !isSpace(this.#text[this.#at])) this.#at++;
    this.#ram.writeCString(this.#pointer(), this.#text.slice(from, this.#at));
    this.#stored++;
  }
  #set(set: string, width: number): boolean {
    const matches = setMatcher(set);
    const from = this.#at;
    while (this.#at < from + width && this.#text[this.#at] !== undefined && matches(this.#text[this.#at]!)) this.#at++;
    if (this.#at === from) return false;
    this.#ram.writeCString(this.#pointer(), this.#text.slice(from, this.#at));
    this.#stored++;
    return true;
  }
  #integer(base: number, isSigned: boolean, size: 1 | 2 | 4 | 8, width: number): boolean {
    this.#skipSpaces();
    const field = width < 0 ? this.#text.slice(this.#at) : this.#text.slice(this.#at, this.#at + width);
    const number = readInteger(field, base, isSigned);
    if (!number) return false;
    this.#at += number.length;
    const pointer = this.#pointer();
    if (size === 8) this.#ram.writeU64(pointer, number.value);
    else if (size === 4) this.#ram.writeU32(pointer, Number(BigInt.asUintN(32, number.value)));
    else if (size === 2) this.#ram.writeU16(pointer, Number(BigInt.asUintN(16, number.value)));
    else this.#ram.writeU8(pointer, Number(BigInt.asUintN(8, number.value)));
    this.#stored++;
    return true;
  }

  #skipSpaces(): void { while (isSpace(this.#text[this.#at])) this.#at++; }
  #pointer(): Ptr { return Number(BigInt.asIntN(64, this.#args.next())); }
}

function setMatcher(set: string): (char: string) => boolean {
  const isNegated = set.startsWith('^');
  const members = new Set(isNegated ? set.slice(1) : set);
  return (char) => members.has(char) !== isNegated;
}

const DIGITS: Readonly<Record<number, RegExp>> = { 8: /^[0-7]+/, 10: /^[0-9]+/, 16: /^[0-9a-fA-F]+/ };

/** An integer at the start of `field`; base 0 takes it from the prefix. */
export function readInteger(field: string, base: number, isSigned: boolean): { value: bigint; length: number } | undefined {
  const isNegative = isSigned && field.startsWith('-');
  const body = isNegative ? field.slice(1) : field;
  const hasHexPrefix = (base === 0 || base === 16) && /^0[xX][0-9a-fA-F]/.test(body);
  const radix = base !== 0 ? base : hasHexPrefix ? 16 : body.startsWith('0') ? 8 : 10;
  const prefix = hasHexPrefix ? 2 : 0;
  const digits = DIGITS[radix]!.exec(body.slice(prefix))?.[0];
  if (digits === undefined) return undefined;
  const magnitude = BigInt.asUintN(64, radix === 10 ? BigInt(digits) : BigInt((radix === 16 ? '0x' : '0o') + digits));
  return { value: isNegative ? -magnitude : magnitude, length: (isNegative ? 1 : 0) + prefix + digits.length };
}
