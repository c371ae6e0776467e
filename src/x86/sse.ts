// SSE instructions as intrinsics on the vector registers in the register block. Arguments: destination and source register numbers
// (-1: memory), then an immediate or general register. A 16-byte memory operand must be aligned unless the instruction says otherwise.

import { RFLAGS } from './cpu-model.ts';
import type { Intrinsic, IntrinsicEnv } from './intrinsics.ts';
import { lazy } from './lazy.ts';
import { compares, convert, DOUBLE, ELEMENTS, type Format, orderFlags, SINGLE, toInteger, toSingle } from './sse-floats.ts';
import { type Lanes, lanesByName } from './sse-lanes.ts';

const GENERAL_PROTECTION = 13;
const VECTOR_STRIDE = 64;

const low = (n: number): number => n * VECTOR_STRIDE;
const get64 = (env: IntrinsicEnv, n: number, half: number): bigint => env.vectors.getBigUint64(low(n) + 8 * half, true);
const set64 = (env: IntrinsicEnv, n: number, half: number, value: bigint): void => env.vectors.setBigUint64(low(n) + 8 * half, BigInt.asUintN(64, value), true);

const check = (env: IntrinsicEnv, addr: number, isAligned: boolean): void => {
  if (isAligned && (addr & 15) !== 0) env.raise(GENERAL_PROTECTION, 0);
};
/** A source operand of 4, 8 or 16 bytes, zero-extended to 16. */
const operand = (env: IntrinsicEnv, register: number, size: number, addr: number, isAligned = true): DataView => {
  const copy = new DataView(new ArrayBuffer(16));
  if (register >= 0) {
    copy.setBigUint64(0, get64(env, register, 0), true);
    copy.setBigUint64(8, get64(env, register, 1), true);
  } else if (size === 16) {
    check(env, addr, isAligned);
    copy.setBigUint64(0, env.load(addr, 8), true);
    copy.setBigUint64(8, env.load(addr + 8, 8), true);
  } else copy.setBigUint64(0, env.load(addr, size as 1 | 2 | 4 | 8), true);
  return copy;
};
const put = (env: IntrinsicEnv, register: number, value: DataView): void => {
  set64(env, register, 0, value.getBigUint64(0, true));
  set64(env, register, 1, value.getBigUint64(8, true));
};
const numbers = (args: readonly (number | bigint)[]): number[] => args.map(Number);

/** Loads `size` bytes; the rest becomes zero from memory, and stays (`merges`) from a register. */
const load = (size: number, isAligned: boolean, merges: boolean): Intrinsic => (env, args, addr) => {
  const [dest, src] = numbers(args) as [number, number];
  const value = operand(env, src, size, addr, isAligned);
  if (size === 4) value.setUint32(4, src >= 0 && merges ? env.vectors.getUint32(low(dest) + 4, true) : 0, true);
  if (size < 16) value.setBigUint64(8, src >= 0 && merges ? get64(env, dest, 1) : 0n, true);
  put(env, dest, value);
};
/** Stores `size` bytes from byte `from` on. */
const store = (size: number, isAligned: boolean, from = 0): Intrinsic => (env, args, addr) => {
  const [, src] = numbers(args) as [number, number];
  const at = low(src) + from;
  if (size === 4) return env.store(addr, 4, BigInt(env.vectors.getUint32(at, true)));
  if (size === 8) return env.store(addr, 8, env.vectors.getBigUint64(at, true));
  check(env, addr, isAligned);
  env.store(addr + 8, 8, env.vectors.getBigUint64(at + 8, true));
  env.store(addr, 8, env.vectors.getBigUint64(at, true));
};
/** One half from half `from` of a register or from memory; the other half stays. */
const half = (to: 0 | 1, from: 0 | 1): Intrinsic => (env, args, addr) => {
  const [dest, src] = numbers(args) as [number, number];
  set64(env, dest, to, src >= 0 ? get64(env, src, from) : env.load(addr, 8));
};

const lanes = (name: string, size: number): Intrinsic => {
  const operation = lanesByName()[name]!;
  return (env, args, addr) => lanesOf(operation, size, env, numbers(args), addr);
};
const lanesOf = (operation: Lanes, size: number, env: IntrinsicEnv, args: readonly number[], addr: number): void => {
  const [dest, src, immediate] = args as [number, number, number];
  const a = operand(env, dest, 16, 0);
  // An immediate shift has its count where another source would be.
  const b = src === IMMEDIATE_SOURCE ? countOperand(immediate) : operand(env, src, size, addr);
  const d = new DataView(new ArrayBuffer(16));
  operation(d, a, b, immediate ?? 0);
  put(env, dest, d);
};
/** Source argument of shifts by an immediate. */
export const IMMEDIATE_SOURCE = -2;
const countOperand = (count: number): DataView => {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, count);
  return view;
};

/** Packed or scalar arithmetic of the four versions. */
const element = (operation: string, format: Format, isPacked: boolean): Intrinsic => (env, args, addr) => {
  const [dest, src] = numbers(args) as [number, number];
  const d = operand(env, dest, 16, 0);
  const a = operand(env, dest, 16, 0);
  const b = operand(env, src, isPacked ? 16 : format.size, addr);
  for (let at = 0; at < (isPacked ? 16 : format.size); at += format.size) ELEMENTS[operation]!(format, d, a, b, at);
  put(env, dest, d);
};
const compare = (format: Format, isPacked: boolean): Intrinsic => (env, args, addr) => {
  const [dest, src, predicate] = numbers(args) as [number, number, number];
  const d = operand(env, dest, 16, 0);
  const b = operand(env, src, isPacked ? 16 : format.size, addr);
  for (let at = 0; at < (isPacked ? 16 : format.size); at += format.size) {
    const ones = format.size === 8 ? 0xffffffffffffffffn : 0xffffffffn;
    format.setBits(d, at, compares(predicate, format.get(d, at), format.get(b, at)) ? ones : 0n);
  }
  put(env, dest, d);
};
const order = (format: Format): Intrinsic => (env, args, addr) => {
  const [first, src] = numbers(args) as [number, number];
  const b = operand(env, src, format.size, addr);
  env.conditionFlags = orderFlags(format.get(env.vectors, low(first)), format.get(b, 0));
};
const test: Intrinsic = (env, args, addr) => {
  const [first, src] = numbers(args) as [number, number];
  const b = operand(env, src, 16, addr);
  const both = (negate: boolean): boolean => [0, 1].every((i) => {
    const a = get64(env, first, i);
    return ((negate ? ~a : a) & b.getBigUint64(8 * i, true)) === 0n;
  });
  env.conditionFlags = (both(false) ? RFLAGS.ZF : 0) | (both(true) ? RFLAGS.CF : 0);
};

// Between general and vector registers: args are [vector register, general register or -1, size, immediate].

const general = (env: IntrinsicEnv, register: number, size: number, addr: number): bigint =>
  register >= 0 ? BigInt.asUintN(size * 8, env.get(register)) : env.load(addr, size as 4 | 8);
const toVector: Intrinsic = (env, args, addr) => {
  const [dest, src, size] = numbers(args) as [number, number, number];
  const value = general(env, src, size, addr);
  set64(env, dest, 0, value);
  set64(env, dest, 1, 0n);
};
const fromVector: Intrinsic = (env, args, addr) => {
  const [src, dest, size] = numbers(args) as [number, number, number];
  const value = BigInt.asUintN(size * 8, get64(env, src, 0));
  if (dest < 0) env.store(addr, size as 4 | 8, value);
  else env.set(dest, BigInt.asIntN(64, value));
};
/** pinsrX and pextrX: element `immediate` of `size` bytes; a general destination is zero-extended. */
const insert: Intrinsic = (env, args, addr) => {
  const [dest, src, size, immediate] = numbers(args) as [number, number, number, number];
  const value = src >= 0 ? env.get(src) : env.load(addr, size as 1 | 2 | 4 | 8);
  const at = low(dest) + (immediate & (16 / size - 1)) * size;
  for (let i = 0; i < size; i++) env.vectors.setUint8(at + i, Number(value >> BigInt(8 * i) & 0xffn));
};
const extract: Intrinsic = (env, args, addr) => {
  const [src, dest, size, immediate] = numbers(args) as [number, number, number, number];
  const at = low(src) + (immediate & (16 / size - 1)) * size;
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(env.vectors.getUint8(at + i));
  if (dest < 0) env.store(addr, size as 1 | 2 | 4 | 8, value);
  else env.set(dest, BigInt.asIntN(64, value));
};
const signMask = (size: number): Intrinsic => (env, args) => {
  const [src, dest] = numbers(args) as [number, number];
  let mask = 0n;
  for (let i = 0; i < 16 / size; i++) mask |= BigInt(env.vectors.getUint8(low(src) + i * size + size - 1) >> 7) << BigInt(i);
  env.set(dest, mask);
};
const fromInteger = (format: Format): Intrinsic => (env, args, addr) => {
  const [dest, src, size] = numbers(args) as [number, number, number];
  const value = BigInt.asIntN(size * 8, general(env, src, size, addr));
  format.set(env.vectors, low(dest), format === SINGLE ? toSingle(value) : Number(value));
};
const toGeneral = (format: Format, truncates: boolean): Intrinsic => (env, args, addr) => {
  const [src, dest, size] = numbers(args) as [number, number, number];
  const value = toInteger(format.get(operand(env, src, format.size, addr), 0), size * 8, truncates);
  env.set(dest, BigInt.asIntN(64, BigInt.asUintN(size * 8, value)));
};

/** Conversions between vectors, by element: source and destination step, number of elements; the rest of 16 bytes becomes zero. */
const convertLanes = (size: number, one: (d: DataView, b: DataView, i: number) => void, count: number): Intrinsic => (env, args, addr) => {
  const [dest, src] = numbers(args) as [number, number];
  const b = operand(env, src, size, addr);
  const d = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < count; i++) one(d, b, i);
  put(env, dest, d);
};
const convertScalar = (from: Format, to: Format): Intrinsic => (env, args, addr) => {
  const [dest, src] = numbers(args) as [number, number];
  const b = operand(env, src, from.size, addr);
  convert(from, to, env.vectors, low(dest), b, 0);
};
const integerFrom = (format: Format, truncates: boolean) => (d: DataView, b: DataView, i: number): void =>
  d.setInt32(4 * i, Number(toInteger(format.get(b, format.size * i), 32, truncates)), true);

const versions = (name: string, make: (format: Format, isPacked: boolean) => Intrinsic): Record<string, Intrinsic> =>
  ({ [`${name}ps`]: make(SINGLE, true), [`${name}pd`]: make(DOUBLE, true), [`${name}ss`]: make(SINGLE, false), [`${name}sd`]: make(DOUBLE, false) });

/** Sources narrower than 16 bytes among the lane instructions. */
const NARROW: Readonly<Record<string, number>> = { movddup: 8 };

const loadAndStore = (name: string, size: number, isAligned: boolean, merges = false): Record<string, Intrinsic> =>
  ({ [`${name} load`]: load(size, isAligned, merges), [`${name} store`]: store(size, isAligned) });

/** Round to nearest, all exceptions masked. */
const DEFAULT_MXCSR = 0x1f80;

/** By name of the statement. */
export const sseIntrinsics = lazy((): Readonly<Record<string, Intrinsic>> => ({
  ...Object.fromEntries(Object.keys(lanesByName()).map((name) => [name, lanes(name, NARROW[name] ?? 16)])),
  ...Object.assign({}, ...Object.keys(ELEMENTS).map((name) => versions(name, (format, isPacked) => element(name, format, isPacked)))),
  ...versions('cmp', compare),
  ...loadAndStore('movups', 16, false), ...loadAndStore('movupd', 16, false), ...loadAndStore('movdqu', 16, false), ...loadAndStore('lddqu', 16, false),
  ...loadAndStore('movaps', 16, true), ...loadAndStore('movapd', 16, true), ...loadAndStore('movdqa', 16, true),
  ...loadAndStore('movntps', 16, true), ...loadAndStore('movntpd', 16, true), ...loadAndStore('movntdq', 16, true), ...loadAndStore('movntdqa', 16, true),
  ...loadAndStore('movss', 4, false, true), ...loadAndStore('movsd', 8, false, true), ...loadAndStore('movq', 8, false),
  'movlps load': half(0, 0), 'movlpd load': half(0, 0), 'movhps load': half(1, 0), 'movhpd load': half(1, 0), movhlps: half(0, 1), movlhps: half(1, 0),
  'movlps store': store(8, false), 'movlpd store': store(8, false), 'movhps store': store(8, false, 8), 'movhpd store': store(8, false, 8),
  ucomiss: order(SINGLE), comiss: order(SINGLE), ucomisd: order(DOUBLE), comisd: order(DOUBLE), ptest: test,
  'to vector': toVector, 'from vector': fromVector, 'insert element': insert, 'extract element': extract,
  pmovmskb: signMask(1), movmskps: signMask(4), movmskpd: signMask(8),
  cvtsi2ss: fromInteger(SINGLE), cvtsi2sd: fromInteger(DOUBLE),
  cvttss2si: toGeneral(SINGLE, true), cvttsd2si: toGeneral(DOUBLE, true), cvtss2si: toGeneral(SINGLE, false), cvtsd2si: toGeneral(DOUBLE, false),
  cvtss2sd: convertScalar(SINGLE, DOUBLE), cvtsd2ss: convertScalar(DOUBLE, SINGLE),
  cvtps2pd: convertLanes(8, (d, b, i) => convert(SINGLE, DOUBLE, d, 8 * i, b, 4 * i), 2),
  cvtpd2ps: convertLanes(16, (d, b, i) => convert(DOUBLE, SINGLE, d, 4 * i, b, 8 * i), 2),
  cvtdq2ps: convertLanes(16, (d, b, i) => d.setFloat32(4 * i, b.getInt32(4 * i, true), true), 4),
  cvtdq2pd: convertLanes(8, (d, b, i) => d.setFloat64(8 * i, b.getInt32(4 * i, true), true), 2),
  cvtps2dq: convertLanes(16, integerFrom(SINGLE, false), 4), cvttps2dq: convertLanes(16, integerFrom(SINGLE, true), 4),
  cvtpd2dq: convertLanes(16, integerFrom(DOUBLE, false), 2), cvttpd2dq: convertLanes(16, integerFrom(DOUBLE, true), 2),
  ldmxcsr: (env, _args, addr) => {
    const value = Number(env.load(addr, 4));
    // Other roundings, unmasked exceptions and flush-to-zero are not computed here.
    if ((value & 0xffff_ffc0) !== DEFAULT_MXCSR) env.raise(GENERAL_PROTECTION, 0);
    env.cpu.mxcsr = value;
  },
  stmxcsr: (env, _args, addr) => env.store(addr, 4, BigInt(env.cpu.mxcsr)),
}));
