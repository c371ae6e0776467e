// Constructors of IR nodes, folding what is trivial: constants, neutral elements, extensions of constants. Nothing here reorders
// or drops a load.

import type { BinaryOp, Expr, Pred, Stmt, Type, UnaryOp } from './ir.ts';
import { evalBinary, evalUnary } from './fold.ts';

type Size = 1 | 2 | 4 | 8;

/** i32 constant; taken modulo 2^32. */
export const c32 = (value: number): Expr => ({ op: 'const', type: 'i32', value: value | 0 });
/** i64 constant from a safe integer or a bigint, taken modulo 2^64; kept as a number where that is exact. */
export const c64 = (value: number | bigint): Expr => ({ op: 'const', type: 'i64', value: normalize64(value) });

const normalize64 = (value: number | bigint): number | bigint => {
  if (typeof value === 'number') return value === 0 ? 0 : value;
  const signed = BigInt.asIntN(64, value);
  const asNumber = Number(signed);
  return Number.isSafeInteger(asNumber) ? asNumber : signed;
};

const REGISTERS: readonly Expr[] = Array.from({ length: 16 }, (_, reg) => ({ op: 'reg', type: 'i64', reg }) as const);
export const reg = (number: number): Expr => REGISTERS[number]!;
export const pred = (name: Pred): Expr => ({ op: 'pred', type: 'i32', pred: name });
export const tmp = (type: Type, number: number): Expr => ({ op: 'tmp', type, tmp: number });
export const gsbase: Expr = { op: 'gsbase', type: 'i64' };
export const fsbase: Expr = { op: 'fsbase', type: 'i64' };

export const load = (type: Type, size: Size, addr: Expr, signed = false): Expr => ({ op: 'load', type, size, signed, addr });
export const load8u = (addr: Expr): Expr => load('i32', 1, addr);
export const load16u = (addr: Expr): Expr => load('i32', 2, addr);
export const load32 = (addr: Expr): Expr => load('i32', 4, addr);
export const load64 = (addr: Expr): Expr => load('i64', 8, addr);

/** Constant value, or undefined. */
export const constValue = (e: Expr): number | bigint | undefined => (e.op === 'const' ? e.value : undefined);
const isConst = (e: Expr, value: number): boolean => e.op === 'const' && e.value === value;

const UNARY_RESULT: Partial<Record<UnaryOp, Type>> = { eqz: 'i32', wrap: 'i32', extend_u: 'i64', extend_s: 'i64' };

export const unary = (op: UnaryOp, a: Expr): Expr => {
  const type = UNARY_RESULT[op] ?? a.type;
  if (a.op === 'const') return constant(type, evalUnary(op, a.type, BigInt(a.value)));
  if (op === 'wrap' && (a.op === 'extend_u' || a.op === 'extend_s')) return a.a;
  if (op === 'eqz' && a.op === 'eqz' && a.a.op === 'pred') return a.a;
  return { op, type, a };
};
const constant = (type: Type, value: bigint): Expr => (type === 'i32' ? c32(Number(value)) : c64(value));

const COMPARISONS = new Set<BinaryOp>(['eq', 'ne', 'lt_u', 'lt_s', 'le_u', 'le_s', 'gt_u', 'gt_s', 'ge_u', 'ge_s']);
export const isComparison = (op: string): boolean => COMPARISONS.has(op as BinaryOp);
/** Operations for which a constant zero on the right changes nothing. */
const ZERO_IS_NEUTRAL = new Set<BinaryOp>(['add', 'sub', 'or', 'xor', 'shl', 'shr_u', 'shr_s', 'rotl', 'rotr']);

export const binary = (op: BinaryOp, a: Expr, b: Expr): Expr => {
  if (a.op === 'const' && b.op === 'const') {
    const value = evalBinary(op, a.type, BigInt(a.value), BigInt(b.value));
    if (value !== undefined) return constant(COMPARISONS.has(op) ? 'i32' : a.type, value);
  }
  if (ZERO_IS_NEUTRAL.has(op) && isConst(b, 0)) return a;
  if (op === 'add' && isConst(a, 0)) return b;
  if (op === 'and' && isConst(b, -1)) return a;
  if (op === 'mul' && isConst(b, 1)) return a;
  // (x + c1) + c2, which addressing modes of push, pop and lea produce.
  if (op === 'add' && b.op === 'const' && a.op === 'add' && a.b.op === 'const') return binary('add', a.a, constant(a.type, BigInt(a.b.value) + BigInt(b.value)));
  return { op, type: COMPARISONS.has(op) ? 'i32' : a.type, a, b };
};

export const add = (a: Expr, b: Expr): Expr => binary('add', a, b);
export const sub = (a: Expr, b: Expr): Expr => binary('sub', a, b);
export const and = (a: Expr, b: Expr): Expr => binary('and', a, b);
export const or = (a: Expr, b: Expr): Expr => binary('or', a, b);
export const xor = (a: Expr, b: Expr): Expr => binary('xor', a, b);
export const shl = (a: Expr, b: Expr): Expr => binary('shl', a, b);
export const shrU = (a: Expr, b: Expr): Expr => binary('shr_u', a, b);
export const shrS = (a: Expr, b: Expr): Expr => binary('shr_s', a, b);
export const eq = (a: Expr, b: Expr): Expr => binary('eq', a, b);
export const ne = (a: Expr, b: Expr): Expr => binary('ne', a, b);
export const ltU = (a: Expr, b: Expr): Expr => binary('lt_u', a, b);
export const ltS = (a: Expr, b: Expr): Expr => binary('lt_s', a, b);
export const eqz = (a: Expr): Expr => unary('eqz', a);
export const wrap = (a: Expr): Expr => unary('wrap', a);
export const extendU = (a: Expr): Expr => unary('extend_u', a);
export const extendS = (a: Expr): Expr => unary('extend_s', a);

export const select = (cond: Expr, a: Expr, b: Expr): Expr => {
  if (cond.op === 'const') return cond.value === 0 ? b : a;
  return { op: 'select', type: a.type, cond, a, b };
};

export const setReg = (number: number, value: Expr): Stmt => ({ s: 'reg', reg: number, value });
export const setTmp = (number: number, value: Expr): Stmt => ({ s: 'tmp', tmp: number, value });
export const setPred = (name: Pred, value: Expr): Stmt => ({ s: 'pred', pred: name, value });
export const store = (size: Size, addr: Expr, value: Expr): Stmt => ({ s: 'store', size, addr, value });
export const trapif = (vector: number, cond: Expr): Stmt => ({ s: 'trapif', vector, cond });
