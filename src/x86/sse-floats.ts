// Floating-point SSE instructions on one element: round to nearest, no traps, NaNs as x86 makes them (the first operand's, made
// quiet; the negative default NaN for invalid operations). Bits travel as bigints and numbers, never as a JavaScript NaN, whose
// payload the host may change.

/** A format: bits of an element in a DataView. */
export interface Format {
  readonly size: 4 | 8;
  readonly get: (view: DataView, at: number) => number;
  readonly set: (view: DataView, at: number, value: number) => void;
  readonly bits: (view: DataView, at: number) => bigint;
  readonly setBits: (view: DataView, at: number, bits: bigint) => void;
  readonly quiet: bigint;
  readonly defaultNan: bigint;
}

export const SINGLE: Format = {
  size: 4,
  get: (view, at) => view.getFloat32(at, true),
  set: (view, at, value) => view.setFloat32(at, value, true),
  bits: (view, at) => BigInt(view.getUint32(at, true)),
  setBits: (view, at, bits) => view.setUint32(at, Number(bits), true),
  quiet: 0x400000n,
  defaultNan: 0xffc00000n,
};
export const DOUBLE: Format = {
  size: 8,
  get: (view, at) => view.getFloat64(at, true),
  set: (view, at, value) => view.setFloat64(at, value, true),
  bits: (view, at) => view.getBigUint64(at, true),
  setBits: (view, at, bits) => view.setBigUint64(at, bits, true),
  quiet: 0x8000000000000n,
  defaultNan: 0xfff8000000000000n,
};

/** Computes element `at` of `d` from those of `a` and `b`. */
type Element = (format: Format, d: DataView, a: DataView, b: DataView, at: number) => void;

/** A result that may be NaN: its operands' NaN, or the default one. */
const arithmetic = (f: (a: number, b: number) => number): Element => (format, d, a, b, at) => {
  const x = format.get(a, at), y = format.get(b, at);
  if (Number.isNaN(x)) format.setBits(d, at, format.bits(a, at) | format.quiet);
  else if (Number.isNaN(y)) format.setBits(d, at, format.bits(b, at) | format.quiet);
  else {
    const result = f(x, y);
    if (Number.isNaN(result)) format.setBits(d, at, format.defaultNan);
    else format.set(d, at, result);
  }
};
/** min and max return the second operand when the comparison does not hold: for NaNs and equal zeros too. */
const choose = (isFirst: (a: number, b: number) => boolean): Element => (format, d, a, b, at) =>
  format.setBits(d, at, isFirst(format.get(a, at), format.get(b, at)) ? format.bits(a, at) : format.bits(b, at));

const squareRoot: Element = (format, d, _a, b, at) => {
  const x = format.get(b, at);
  if (Number.isNaN(x)) format.setBits(d, at, format.bits(b, at) | format.quiet);
  else if (x < 0) format.setBits(d, at, format.defaultNan);
  else format.set(d, at, Math.sqrt(x));
};

export const ELEMENTS: Readonly<Record<string, Element>> = {
  add: arithmetic((a, b) => a + b), sub: arithmetic((a, b) => a - b), mul: arithmetic((a, b) => a * b), div: arithmetic((a, b) => a / b),
  min: choose((a, b) => a < b), max: choose((a, b) => a > b), sqrt: squareRoot,
};

const COMPARISONS: readonly ((a: number, b: number) => boolean)[] = [
  (a, b) => a === b, (a, b) => a < b, (a, b) => a <= b, (a, b) => Number.isNaN(a) || Number.isNaN(b),
];
/** cmpps and friends: predicate `n` of the SDM's first eight. */
export const compares = (n: number, a: number, b: number): boolean => COMPARISONS[n & 3]!(a, b) !== ((n & 4) !== 0);

/** comis: unordered 7, less 1, equal 0x40, greater 0 - an RFLAGS image of Z, P, C. */
export const orderFlags = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? 0x45 : a < b ? 1 : a === b ? 0x40 : 0);

/** The nearest integer, ties to even. */
export const roundToEven = (x: number): number => {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
};
/** Float to integer of `bits` bits; what does not fit gives the "integer indefinite". */
export const toInteger = (x: number, bits: number, truncates: boolean): bigint => {
  const whole = truncates ? Math.trunc(x) : roundToEven(x);
  const limit = 2 ** (bits - 1);
  if (!(whole >= -limit && whole < limit)) return -(1n << BigInt(bits - 1));
  return BigInt(whole);
};
/** Integer to single: folded into 53 bits first, with a sticky bit, so that rounding happens once. */
export const toSingle = (value: bigint): number => {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < 1n << 53n) return Math.fround(Number(value));
  const folded = (magnitude >> 11n) | ((magnitude & 0x7ffn) !== 0n ? 1n : 0n);
  const rounded = Math.fround(Number(folded)) * 2048;
  return value < 0n ? -rounded : rounded;
};

/** Changes the format of an element; a NaN keeps the top of its payload. */
export const convert = (from: Format, to: Format, d: DataView, at: number, b: DataView, source: number): void => {
  const x = from.get(b, source);
  if (!Number.isNaN(x)) {
    to.set(d, at, x);
    return;
  }
  const bits = from.bits(b, source) | from.quiet;
  if (to.size === 8) to.setBits(d, at, (bits >> 31n) << 63n | 0x7ff0000000000000n | (bits & 0x7fffffn) << 29n);
  else to.setBits(d, at, (bits >> 63n) << 31n | 0x7f800000n | (bits >> 29n & 0x7fffffn));
};
