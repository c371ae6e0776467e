// Character classes of the kernel: Latin-1, in the bits of `_ctype` that inlined isspace(), isdigit() ... test.
// Linux: lib/ctype.c, include/linux/ctype.h.

const UPPER = 0x01, LOWER = 0x02, DIGIT = 0x04, CONTROL = 0x08, PUNCTUATION = 0x10, SPACE = 0x20, HEX = 0x40, HARD_SPACE = 0x80;

function classOf(byte: number): number {
  if (byte === 0x20) return SPACE | HARD_SPACE;
  if (byte >= 9 && byte <= 13) return CONTROL | SPACE;
  if (byte < 0x20 || byte === 0x7f) return CONTROL;
  if (byte >= 0x30 && byte <= 0x39) return DIGIT;
  if (byte >= 0x41 && byte <= 0x5a) return byte <= 0x46 ? UPPER | HEX : UPPER;
  if (byte >= 0x61 && byte <= 0x7a) return byte <= 0x66 ? LOWER | HEX : LOWER;
  if (byte < 0x80) return PUNCTUATION;
  if (byte < 0xa0) return 0;
  if (byte === 0xa0) return SPACE | HARD_SPACE;
  if (byte < 0xc0 || byte === 0xd7 || byte === 0xf7) return PUNCTUATION;
  return byte < 0xdf ? UPPER : LOWER;
}

/** The 256 bytes of `_ctype`. */
export const CTYPE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte));

/** isprint(): anything with a picture, and the two spaces. */
export const isPrintable = (byte: number): boolean => (CTYPE[byte]! & (PUNCTUATION | UPPER | LOWER | DIGIT | HARD_SPACE)) !== 0;
export const isSpace = (byte: number): boolean => (CTYPE[byte]! & SPACE) !== 0;
export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
export const isUpper = (byte: number): boolean => (CTYPE[byte]! & UPPER) !== 0;
export const toLower = (byte: number): number => isUpper(byte) ? byte + 32 : byte;
