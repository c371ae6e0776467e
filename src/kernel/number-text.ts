// Numbers and truth values in text as kstrto*(), simple_strto*() and module parameters read them. Linux: lib/kstrtox.c.

import { ERRNO } from '../abi/errno.ts';

const { EINVAL, ERANGE } = ERRNO;

/** Value of a digit, or infinity: there are no digits beyond f, whatever the base. */
function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : Number.POSITIVE_INFINITY;
}
const isHexDigit = (code: number): boolean => digitValue(code) < 16;

/** Where the digits begin, and their base: 0 means by prefix, 16 allows one. */
export function radixOf(text: string, base: number): { base: number; start: number } {
  const hasHexPrefix = text[0] === '0' && (text.charCodeAt(1) | 0x20) === 0x78 && isHexDigit(text.charCodeAt(2));
  if (base === 0) {
    if (hasHexPrefix) return { base: 16, start: 2 };
    return { base: text[0] === '0' ? 8 : 10, start: 0 };
  }
  return { base, start: base === 16 && hasHexPrefix ? 2 : 0 };
}

/** The digits of `base` from `start` on: their value, not reduced, and where they end. */
export function scanDigits(text: string, start: number, base: number, max = Number.POSITIVE_INFINITY): { value: bigint; end: number } {
  let end = start;
  let value = 0n;
  // Up to nine digits at a time as a number: bigint arithmetic per digit would dominate.
  let chunk = 0;
  let scale = 1;
  while (end - start < max && digitValue(text.charCodeAt(end)) < base) {
    chunk = chunk * base + digitValue(text.charCodeAt(end++));
    scale *= base;
    if (scale > 0x4000_0000) {
      value = value * BigInt(scale) + BigInt(chunk);
      chunk = 0;
      scale = 1;
    }
  }
  return { value: value * BigInt(scale) + BigInt(chunk), end };
}

/** A whole string (one newline may end it): its value, or a negative errno as a number. */
function parseUnsigned(text: string, base: number): bigint | number {
  const radix = radixOf(text, base);
  const { value, end } = scanDigits(text, radix.start, radix.base);
  if (value >= 1n << 64n) return -ERANGE;
  if (end === radix.start) return -EINVAL;
  const rest = text.slice(end);
  return rest === '' || rest === '\n' ? value : -EINVAL;
}

/** kstrtoull() and its narrower kin. */
export function parseU(text: string, base: number, bits: number): bigint | number {
  const value = parseUnsigned(text.startsWith('+') ? text.slice(1) : text, base);
  return typeof value === 'bigint' && value >= 1n << BigInt(bits) ? -ERANGE : value;
}
/** kstrtoll() and its narrower kin. */
export function parseS(text: string, base: number, bits: number): bigint | number {
  const isNegative = text.startsWith('-');
  const magnitude = parseUnsigned(isNegative || text.startsWith('+') ? text.slice(1) : text, base);
  if (typeof magnitude === 'number') return magnitude;
  const value = isNegative ? -magnitude : magnitude;
  const limit = 1n << BigInt(bits - 1);
  return value >= limit || value < -limit ? -ERANGE : value;
}

/** kstrto*() of an integer type, base by prefix: the value, or a negative errno as a number. */
export const parseInteger = (text: string, bits: 8 | 16 | 32 | 64, isSigned: boolean): bigint | number => (isSigned ? parseS : parseU)(text, 0, bits);

/** By the first letter, `on` and `off` by the second; undefined for anything else. */
export function parseBool(text: string): boolean | undefined {
  if ('yYtT1'.includes(text[0] ?? '-')) return true;
  if ('nNfF0'.includes(text[0] ?? '-')) return false;
  if (text[0]?.toLowerCase() !== 'o') return undefined;
  const second = text[1]?.toLowerCase();
  return second === 'n' ? true : second === 'f' ? false : undefined;
}
