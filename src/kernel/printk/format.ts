// vsnprintf: a format and its arguments to text. Text is Latin-1 (one character per byte), addresses are those of guest memory.
// A string argument in the first page or the last is printed as (null) or (efault); any other bad pointer faults, as on Linux.
// Linux: lib/vsprintf.c.

import type { Ptr } from '../../base/ptr.ts';
import type { VaList } from '../exports/define.ts';
import type { FormatContext } from './format-context.ts';
import { formatInteger, formatSigned, formatText } from './format-number.ts';
import { formatPointer } from './format-pointer.ts';
import { FormatCache, FROM_ARGUMENT, type Piece, type Spec } from './format-spec.ts';

const INT_MAX = 0x7fff_ffff;
/** Widths and precisions that an argument gives are held in fields of 24 and 16 bits. */
const FIELD_WIDTH_MAX = 0x7f_ffff;
const PRECISION_MAX = 0x7fff;

export class Formatter {
  readonly #context: FormatContext;
  readonly #cache = new FormatCache();

  constructor(context: FormatContext) { this.#context = context; }

  /** The whole text, without limit. */
  format(format: string, args: VaList): string {
    let text = '';
    for (const piece of this.#cache.get(format)) {
      switch (piece.kind) {
        case 'text': text += piece.text; break;
        case 'integer': text += this.#integer(piece, args); break;
        case 'string': text += this.#string(this.#resolve(piece.spec, args), args); break;
        case 'char': text += this.#char(this.#resolve(piece.spec, args), args); break;
        case 'pointer': text += formatPointer(piece.letters, this.#resolve(piece.spec, args), address(args), this.#context, this); break;
        case 'stop':
          this.#context.warnOnce('format', `Please remove unsupported %${piece.letter} in format string`);
          return text;
      }
    }
    return text;
  }
  /** The same with the format in guest memory. */
  formatAt(format: Ptr<'char'>, args: VaList): string { return this.format(this.#context.ram.cstring(format), args); }

  /** vsnprintf(): writes at most `size` bytes with the final NUL, returns the length that the whole text has. */
  print(buffer: Ptr<'char'>, size: number, format: string, args: VaList): number {
    if (size > INT_MAX) {
      this.#context.warnOnce('size', '');
      return 0;
    }
    const text = this.format(format, args);
    if (size > 0) this.#context.ram.writeCString(buffer, text.length < size ? text : text.slice(0, size - 1));
    return text.length;
  }

  #integer(piece: Piece & { kind: 'integer' }, args: VaList): string {
    const spec = this.#resolve(piece.spec, args);
    const word = args.next();
    if (piece.isSigned) return formatSigned(piece.bits === 64 ? BigInt.asIntN(64, word) : Number(BigInt.asIntN(piece.bits, word)), spec);
    return formatInteger(piece.bits === 64 ? word : Number(BigInt.asUintN(piece.bits, word)), piece.base, spec, piece.isUpper);
  }
  #char(spec: Spec, args: VaList): string {
    const char = String.fromCharCode(Number(args.next() & 0xffn));
    return spec.left ? char.padEnd(spec.width) : char.padStart(spec.width);
  }
  #string(spec: Spec, args: VaList): string {
    const pointer = address(args);
    const bad = this.#context.badPointer(pointer);
    return formatText(bad ?? this.#context.ram.cstring(pointer, spec.precision >= 0 ? spec.precision : undefined), spec);
  }

  /** Takes the arguments that stand for `*`. A negative width means left-justified, a negative precision zero. */
  #resolve(spec: Spec, args: VaList): Spec {
    if (spec.width !== FROM_ARGUMENT && spec.precision !== FROM_ARGUMENT) return spec;
    let { left, width, precision } = spec;
    if (width === FROM_ARGUMENT) {
      width = Number(BigInt.asIntN(32, args.next()));
      if (width < 0) left = true;
      width = Math.abs(width);
      if (width > FIELD_WIDTH_MAX) {
        this.#context.warnOnce('width', `field width ${left ? -width : width} too large`);
        width = FIELD_WIDTH_MAX;
      }
    }
    if (precision === FROM_ARGUMENT) {
      precision = Math.max(Number(BigInt.asIntN(32, args.next())), 0);
      if (precision > PRECISION_MAX) {
        this.#context.warnOnce('precision', `precision ${precision} too large`);
        precision = PRECISION_MAX;
      }
    }
    return { ...spec, left, width, precision };
  }
}

const address = (args: VaList): Ptr => Number(BigInt.asIntN(64, args.next()));
