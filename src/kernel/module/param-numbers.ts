// Numbers and truth values as parameters spell them (spec 5.4). Linux: lib/kstrtox.c.

/** Negative errno. */
const EINVAL = -22;
const ERANGE = -34;

const U64_MAX = (1n << 64n) - 1n;

/** Digits with base by prefix (0x, leading 0), one trailing newline allowed; a bigint below 2^64, or a negative errno as number. */
function parseMagnitude(text: string): bigint | number {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  let digits = body;
  let base = 10;
  if (/^0x[0-9a-f]/i.test(body)) { base = 16; digits = body.slice(2); }
  else if (body.startsWith('0')) base = 8;
  if (!(base === 16 ? /^[0-9a-f]+$/i : base === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(digits)) return EINVAL;
  const value = BigInt(base === 16 ? `0x${digits}` : base === 8 ? `0o${digits}` : digits);
  return value > U64_MAX ? ERANGE : value;
}

/** The value, or a negative errno as a plain number. */
export function parseInteger(text: string, bits: 8 | 16 | 32 | 64, isSigned: boolean): bigint | number {
  const isNegative = isSigned && text.startsWith('-');
  const magnitude = parseMagnitude(isNegative || text.startsWith('+') ? text.slice(1) : text);
  if (typeof magnitude === 'number') return magnitude;
  const value = isNegative ? -magnitude : magnitude;
  const limit = 1n << BigInt(isSigned ? bits - 1 : bits);
  return value >= limit || value < (isSigned ? -limit : 0n) ? ERANGE : value;
}

/** y/n, t/f, 1/0 by the first letter, on/off by the second; undefined for anything else. */
export function parseBool(text: string): boolean | undefined {
  switch (text[0]) {
    case 'y': case 'Y': case 't': case 'T': case '1': return true;
    case 'n': case 'N': case 'f': case 'F': case '0': return false;
    case 'o': case 'O':
      switch (text[1]) {
        case 'n': case 'N': return true;
        case 'f': case 'F': return false;
        default: return undefined;
      }
    default: return undefined;
  }
}
