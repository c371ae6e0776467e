// Format strings of the kernel's printf family, taken apart once and kept: literal text and conversions, each with flags,
// width and precision. Linux: lib/vsprintf.c; Documentation/core-api/printk-formats.rst describes the extensions of %p.

/** Flags, width and precision of one conversion. Width and precision are -1 where absent. */
export interface Spec {
  readonly left: boolean;
  readonly plus: boolean;
  readonly space: boolean;
  readonly alternate: boolean;
  readonly zero: boolean;
  readonly width: number;
  readonly precision: number;
}

/** Width or precision that the next argument gives. */
export const FROM_ARGUMENT = -2;

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'integer'; readonly spec: Spec; readonly base: 8 | 10 | 16; readonly isSigned: boolean; readonly isUpper: boolean; readonly bits: 8 | 16 | 32 | 64 }
  | { readonly kind: 'char'; readonly spec: Spec }
  | { readonly kind: 'string'; readonly spec: Spec }
  /** `letters`: every letter and digit that follows %p. */
  | { readonly kind: 'pointer'; readonly spec: Spec; readonly letters: string }
  /** An unknown conversion: output ends here. `letter` is NUL at the end of the format. */
  | { readonly kind: 'stop'; readonly letter: string };

const CONVERSION = /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(hh|ll|[hlLzt])?(.|$)/sy;
const LETTERS = /[A-Za-z0-9]*/y;

export function parseFormat(format: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf('%', at);
    if (percent < 0) break;
    if (percent > at) pieces.push({ kind: 'text', text: format.slice(at, percent) });
    CONVERSION.lastIndex = percent;
    const match = CONVERSION.exec(format)!;
    at = CONVERSION.lastIndex;
    const [, flags = '', width, precision, length = '', letter = ''] = match;
    const spec = specOf(flags, width, precision);
    if (letter === 'p') {
      LETTERS.lastIndex = at;
      const letters = LETTERS.exec(format)![0];
      at = LETTERS.lastIndex;
      pieces.push({ kind: 'pointer', spec, letters });
      continue;
    }
    const piece = conversion(letter, spec, length);
    pieces.push(piece);
    if (piece.kind === 'stop') return pieces;
  }
  if (at < format.length) pieces.push({ kind: 'text', text: format.slice(at) });
  return pieces;
}

function conversion(letter: string, spec: Spec, length: string): Piece {
  switch (letter) {
    case '%': return { kind: 'text', text: '%' };
    case 'c': return { kind: 'char', spec };
    case 's': return { kind: 'string', spec };
    case 'd':
    case 'i': return integer(spec, length, 10, true, false);
    case 'u': return integer(spec, length, 10, false, false);
    case 'o': return integer(spec, length, 8, false, false);
    case 'x': return integer(spec, length, 16, false, false);
    case 'X': return integer(spec, length, 16, false, true);
    default: return { kind: 'stop', letter: letter || '\0' };
  }
}

const BITS: Readonly<Record<string, 8 | 16 | 32 | 64>> = { hh: 8, h: 16, '': 32, l: 64, ll: 64, L: 64, z: 64, t: 64 };

function integer(spec: Spec, length: string, base: 8 | 10 | 16, isSigned: boolean, isUpper: boolean): Piece {
  return { kind: 'integer', spec, base, isSigned, isUpper, bits: BITS[length]! };
}

function specOf(flags: string, width: string | undefined, precision: string | undefined): Spec {
  return {
    left: flags.includes('-'),
    plus: flags.includes('+'),
    space: flags.includes(' '),
    alternate: flags.includes('#'),
    zero: flags.includes('0'),
    width: width === undefined ? -1 : width === '*' ? FROM_ARGUMENT : signed(Number(width), 24),
    precision: precision === undefined || precision === '' ? -1 : precision === '*' ? FROM_ARGUMENT : signed(Number(precision), 16),
  };
}

/** A literal width lies in a 24-bit field, a precision in a 16-bit one; what does not fit wraps to "none". */
const signed = (value: number, bits: number): number => Math.max((value << (32 - bits)) >> (32 - bits), -1);

/** Parsed formats by their text. A module has few; a loop that makes up new ones does not grow the table for ever. */
export class FormatCache {
  readonly #pieces = new Map<string, readonly Piece[]>();
  get(format: string): readonly Piece[] {
    const known = this.#pieces.get(format);
    if (known) return known;
    const pieces = parseFormat(format);
    if (this.#pieces.size >= 4096) this.#pieces.clear();
    this.#pieces.set(format, pieces);
    return pieces;
  }
}
