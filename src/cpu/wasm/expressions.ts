// IR expressions as WebAssembly: each leaves its value on the stack. Widths meet x86 habits: a 32-bit result that is zero-extended
// into a register, a load that extends.

import { RSP, type BinaryOp, type Expr, type Type, type UnaryOp } from '../../ir/ir.ts';
import { I64, OP } from '../../wasm/opcodes.ts';
import type { Emitter } from './emitter.ts';
import { emitLoad } from './memory.ts';

type SameType = Exclude<BinaryOp, 'mulhi_u' | 'mulhi_s'>;
const BINARY_NAMES: readonly SameType[] = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_u', 'shr_s', 'rotl', 'rotr', 'div_u', 'div_s', 'rem_u', 'rem_s',
  'eq', 'ne', 'lt_u', 'lt_s', 'le_u', 'le_s', 'gt_u', 'gt_s', 'ge_u', 'ge_s'];
const UNARY_NAMES = ['eqz', 'clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'] as const;
const table = (names: readonly string[], type: Type): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, OP[`${type}.${name}` as keyof typeof OP]]));
const BINARY = { i32: table(BINARY_NAMES, 'i32'), i64: table(BINARY_NAMES, 'i64') };
const UNARY = { i32: table(UNARY_NAMES, 'i32'), i64: { ...table(UNARY_NAMES, 'i64'), extend32_s: OP['i64.extend32_s'] } as Record<string, number> };

export function emitExpr(e: Emitter, expr: Expr): void {
  const { code } = e;
  switch (expr.op) {
    case 'const':
      if (expr.type === 'i32') code.i32(Number(expr.value));
      else code.i64(expr.value);
      return;
    case 'reg':
      if (expr.reg === RSP) e.getRsp();
      else e.getRegister(expr.reg);
      return;
    case 'pred': code.get(e.pred(expr.pred)); return;
    case 'tmp': code.get(e.tmp(expr)); return;
    case 'gsbase':
      code.i32(0);
      code.memory(OP['i64.load'], e.blockField('gsBase'));
      return;
    case 'fsbase':
      code.i32(0);
      code.memory(OP['i64.load'], e.blockField('fsBase'));
      return;
    case 'load': emitLoad(e, expr); return;
    case 'select':
      emitExpr(e, expr.a);
      emitExpr(e, expr.b);
      emitExpr(e, expr.cond);
      code.op(OP.select);
      return;
    case 'wrap': emitWrapped(e, expr.a); return;
    case 'extend_u': emitExtended(e, expr.a, false); return;
    case 'extend_s': emitExtended(e, expr.a, true); return;
    case 'mulhi_u': case 'mulhi_s': emitHighProduct(e, expr.a, expr.b, expr.op === 'mulhi_s'); return;
    case 'add': case 'sub':
      if (expr.type === 'i64' && isRspPlusConstant(expr)) {
        e.getRsp(expr.op === 'add' ? Number(expr.b.value) : -Number(expr.b.value));
        return;
      }
      break;
  }
  emitExpr(e, expr.a);
  if ('b' in expr) {
    emitExpr(e, expr.b);
    code.op(BINARY[expr.a.type][expr.op]!);
  } else code.op(UNARY[expr.a.type][expr.op as UnaryOp]!);
}

const isRspPlusConstant = (expr: Expr & { a: Expr; b: Expr }): expr is Expr & { a: Expr; b: Expr & { op: 'const' } } =>
  expr.a.op === 'reg' && expr.a.reg === RSP && expr.b.op === 'const' && typeof expr.b.value === 'number';

/** The low 32 bits of an i64. */
export function emitWrapped(e: Emitter, expr: Expr): void {
  switch (expr.op) {
    case 'extend_u': case 'extend_s': emitExpr(e, expr.a); return;
    case 'const': e.code.i32(Number(BigInt.asIntN(32, BigInt(expr.value)))); return;
    case 'reg':
      if (expr.reg === RSP) break;
      e.getLow(expr.reg);
      return;
    case 'load':
      if (expr.size === 8) break;
      emitLoad(e, { ...expr, type: 'i32' });
      return;
    case 'and':
      if (expr.b.op === 'const' && (BigInt(expr.b.value) & 0xffffffffn) === 0xffffffffn) {
        emitWrapped(e, expr.a);
        return;
      }
      break;
  }
  // Operations whose low bits depend on low bits only, where that saves conversions.
  if (LOW_BITS.has(expr.op) && 'b' in expr && 'a' in expr && readsNarrow(e, expr) && (expr.op !== 'shl' || (expr.b.op === 'const' && Number(expr.b.value) < 32))) {
    emitWrapped(e, expr.a);
    emitWrapped(e, expr.b);
    e.code.op(BINARY.i32[expr.op]!);
    return;
  }
  emitExpr(e, expr);
  e.code.op(OP['i32.wrap_i64']);
}
const LOW_BITS = new Set<string>(['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl']);
function readsNarrow(e: Emitter, expr: Expr): boolean {
  switch (expr.op) {
    case 'reg': return (e.narrow >> expr.reg & 1) !== 0;
    case 'extend_u': return true;
    case 'add': case 'sub': case 'mul': case 'and': case 'or': case 'xor': case 'shl': return readsNarrow(e, expr.a) || readsNarrow(e, expr.b);
    default: return false;
  }
}

/** i32 to i64. */
function emitExtended(e: Emitter, expr: Expr, isSigned: boolean): void {
  if (expr.op === 'load' && (expr.size === 4 || expr.signed === isSigned)) {
    emitLoad(e, { ...expr, type: 'i64', signed: isSigned });
    return;
  }
  emitExpr(e, expr);
  e.code.op(isSigned ? OP['i64.extend_i32_s'] : OP['i64.extend_i32_u']);
}

/** The condition as i32; true when it came out inverted instead, which costs a branch nothing. */
export function emitCondition(e: Emitter, cond: Expr): boolean {
  if (cond.op === 'eqz' && cond.a.type === 'i32') return !emitCondition(e, cond.a);
  if (cond.op === 'xor' && cond.b.op === 'const' && cond.b.value === 1 && isBoolean(cond.a)) return !emitCondition(e, cond.a);
  emitExpr(e, cond);
  return false;
}
const isBoolean = (e: Expr): boolean => e.op === 'pred' || e.op === 'eqz';

/** Upper 64 bits of a product, out of four 32-bit products (Hacker's Delight, 8-2). */
function emitHighProduct(e: Emitter, a: Expr, b: Expr, isSigned: boolean): void {
  const { code } = e;
  const x = e.scratch(I64), y = e.scratch(I64), xl = e.scratch(I64), xh = e.scratch(I64), yl = e.scratch(I64), yh = e.scratch(I64), middle = e.scratch(I64), low = e.scratch(I64);
  const lowHalf = (from: number, to: number): void => {
    code.get(from);
    code.i64(0xffffffff);
    code.op(OP['i64.and']);
    code.set(to);
  };
  const shifted = (from: number): void => {
    code.get(from);
    code.i64(32);
    code.op(OP['i64.shr_u']);
  };
  const product = (p: number, q: number): void => {
    code.get(p);
    code.get(q);
    code.op(OP['i64.mul']);
  };
  emitExpr(e, a);
  code.set(x);
  emitExpr(e, b);
  code.set(y);
  lowHalf(x, xl);
  lowHalf(y, yl);
  shifted(x);
  code.set(xh);
  shifted(y);
  code.set(yh);
  // middle = xh * yl + (xl * yl >> 32); low = xl * yh + low half of middle
  product(xl, yl);
  code.set(low);
  product(xh, yl);
  shifted(low);
  code.op(OP['i64.add']);
  code.set(middle);
  product(xl, yh);
  code.get(middle);
  code.i64(0xffffffff);
  code.op(OP['i64.and']);
  code.op(OP['i64.add']);
  code.set(low);
  product(xh, yh);
  shifted(middle);
  code.op(OP['i64.add']);
  shifted(low);
  code.op(OP['i64.add']);
  if (!isSigned) return;
  for (const [sign, other] of [[x, y], [y, x]] as const) {
    code.get(sign);
    code.i64(63);
    code.op(OP['i64.shr_s']);
    code.get(other);
    code.op(OP['i64.and']);
    code.op(OP['i64.sub']);
  }
}
