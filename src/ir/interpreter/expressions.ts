// Expressions as closures over a machine. Built once per block, so building must be cheap; the shapes that addressing, tests and
// moves are made of have closures of their own.

import { PREDICATES, type BinaryOp, type Expr } from '../ir.ts';
import * as wide from './arithmetic64.ts';
import type { Machine } from './machine.ts';
import { load32, load64, type Eval } from './memory.ts';

export const lowHalf = (value: number | bigint): number => (typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value)));
export const highHalf = (value: number | bigint): number => (typeof value === 'number' ? Math.floor(value / 4294967296) | 0 : Number(BigInt.asIntN(32, value >> 32n)));

/** An expression of type i32. */
export function compile32(m: Machine, e: Expr): Eval {
  switch (e.op) {
    case 'const': {
      const value = lowHalf(e.value);
      return () => value;
    }
    case 'pred': {
      const preds = m.preds;
      const index = PREDICATES.indexOf(e.pred);
      return () => preds[index]!;
    }
    case 'tmp': {
      const tmps = m.tmps;
      const index = 2 * e.tmp;
      return () => tmps[index]!;
    }
    case 'load': return load32(m, e.size as 1 | 2 | 4, e.signed, compile64(m, e.addr));
    case 'select': {
      const cond = compile32(m, e.cond), a = compile32(m, e.a), b = compile32(m, e.b);
      return () => {
        const chosen = cond();
        const x = a();
        const y = b();
        return chosen ? x : y;
      };
    }
    case 'reg': case 'gsbase': case 'fsbase': throw new Error(`'${e.op}' is no i32`);
    case 'wrap': {
      if (e.a.op !== 'reg') return compile64(m, e.a);
      const regs = m.regs;
      const index = 2 * e.a.reg;
      return () => regs[index]!;
    }
    case 'eqz': {
      if (e.a.type === 'i32') {
        const a = compile32(m, e.a);
        return () => (a() === 0 ? 1 : 0);
      }
      const a = compile64(m, e.a);
      return () => ((a() | m.hi) === 0 ? 1 : 0);
    }
    default:
      if (!('b' in e)) return unary32(e.op, compile32(m, e.a));
      return e.a.type === 'i64' ? compare64(m, e.op, e.a, e.b) : binary32(m, e.op, e.a, e.b);
  }
}

function unary32(op: string, a: Eval): Eval {
  switch (op) {
    case 'clz': return () => Math.clz32(a());
    case 'ctz': return () => wide.ctz32(a());
    case 'popcnt': return () => wide.popcnt32(a());
    case 'extend8_s': return () => (a() << 24) >> 24;
    case 'extend16_s': return () => (a() << 16) >> 16;
    default: throw new Error(`no i32 operation '${op}'`);
  }
}

function binary32(m: Machine, op: BinaryOp, left: Expr, right: Expr): Eval {
  const a = compile32(m, left);
  if (right.op === 'const') {
    const constant = constant32(op, a, lowHalf(right.value));
    if (constant) return constant;
  }
  const b = compile32(m, right);
  switch (op) {
    case 'add': return () => (a() + b()) | 0;
    case 'sub': return () => (a() - b()) | 0;
    case 'mul': return () => Math.imul(a(), b());
    case 'and': return () => a() & b();
    case 'or': return () => a() | b();
    case 'xor': return () => a() ^ b();
    case 'shl': return () => a() << b();
    case 'shr_u': return () => (a() >>> b()) | 0;
    case 'shr_s': return () => a() >> b();
    case 'rotl': return () => {
      const x = a();
      const n = b();
      return (x << n) | (x >>> -n);
    };
    case 'rotr': return () => {
      const x = a();
      const n = b();
      return (x >>> n) | (x << -n);
    };
    case 'div_u': return () => ((a() >>> 0) / (b() >>> 0)) | 0;
    case 'div_s': return () => (a() / b()) | 0;
    case 'rem_u': return () => ((a() >>> 0) % (b() >>> 0)) | 0;
    case 'rem_s': return () => (a() % b()) | 0;
    case 'eq': return () => (a() === b() ? 1 : 0);
    case 'ne': return () => (a() !== b() ? 1 : 0);
    case 'lt_u': return () => ((a() >>> 0) < (b() >>> 0) ? 1 : 0);
    case 'lt_s': return () => (a() < b() ? 1 : 0);
    case 'le_u': return () => ((a() >>> 0) <= (b() >>> 0) ? 1 : 0);
    case 'le_s': return () => (a() <= b() ? 1 : 0);
    case 'gt_u': return () => ((a() >>> 0) > (b() >>> 0) ? 1 : 0);
    case 'gt_s': return () => (a() > b() ? 1 : 0);
    case 'ge_u': return () => ((a() >>> 0) >= (b() >>> 0) ? 1 : 0);
    case 'ge_s': return () => (a() >= b() ? 1 : 0);
    default: throw new Error(`no i32 operation '${op}'`);
  }
}

function constant32(op: BinaryOp, a: Eval, c: number): Eval | undefined {
  switch (op) {
    case 'and': return () => a() & c;
    case 'add': return () => (a() + c) | 0;
    case 'shl': return () => a() << c;
    case 'shr_u': return () => (a() >>> c) | 0;
    case 'eq': return () => (a() === c ? 1 : 0);
    case 'ne': return () => (a() !== c ? 1 : 0);
    default: return undefined;
  }
}

function compare64(m: Machine, op: BinaryOp, left: Expr, right: Expr): Eval {
  const a = compile64(m, left), b = compile64(m, right);
  const compare = (holds: (al: number, ah: number, bl: number, bh: number) => boolean): Eval => () => {
    const al = a();
    const ah = m.hi;
    const bl = b();
    return holds(al, ah, bl, m.hi) ? 1 : 0;
  };
  switch (op) {
    case 'eq': return compare((al, ah, bl, bh) => al === bl && ah === bh);
    case 'ne': return compare((al, ah, bl, bh) => al !== bl || ah !== bh);
    case 'lt_u': return compare(wide.ltU64);
    case 'lt_s': return compare(wide.ltS64);
    case 'le_u': return compare((al, ah, bl, bh) => !wide.ltU64(bl, bh, al, ah));
    case 'le_s': return compare((al, ah, bl, bh) => !wide.ltS64(bl, bh, al, ah));
    case 'gt_u': return compare((al, ah, bl, bh) => wide.ltU64(bl, bh, al, ah));
    case 'gt_s': return compare((al, ah, bl, bh) => wide.ltS64(bl, bh, al, ah));
    case 'ge_u': return compare((al, ah, bl, bh) => !wide.ltU64(al, ah, bl, bh));
    case 'ge_s': return compare((al, ah, bl, bh) => !wide.ltS64(al, ah, bl, bh));
    default: throw new Error(`no comparison '${op}'`);
  }
}

/** An expression of type i64: the low half is returned, the high one left in `m.hi`. */
export function compile64(m: Machine, e: Expr): Eval {
  switch (e.op) {
    case 'const': {
      const low = lowHalf(e.value), high = highHalf(e.value);
      return () => {
        m.hi = high;
        return low;
      };
    }
    case 'reg': return halves(m, m.regs, 2 * e.reg);
    case 'tmp': return halves(m, m.tmps, 2 * e.tmp);
    case 'gsbase': return halves(m, m.bases, 0);
    case 'fsbase': return halves(m, m.bases, 2);
    case 'load': return load64(m, e.size, e.signed, compile64(m, e.addr));
    case 'select': {
      const cond = compile32(m, e.cond), a = compile64(m, e.a), b = compile64(m, e.b);
      return () => {
        const chosen = cond();
        const x = a();
        const high = m.hi;
        const y = b();
        if (!chosen) return y;
        m.hi = high;
        return x;
      };
    }
    case 'extend_u': case 'extend_s': {
      const a = compile32(m, e.a);
      if (e.op === 'extend_s') return signExtended(m, a);
      return () => {
        const value = a();
        m.hi = 0;
        return value;
      };
    }
    case 'extend32_s': return signExtended(m, compile64(m, e.a));
    case 'pred': throw new Error(`'pred' is no i64`);
    default: return 'b' in e ? binary64(m, e.op, e.a, e.b) : unary64(m, e.op, compile64(m, e.a));
  }
}

const halves = (m: Machine, words: Int32Array, index: number): Eval => () => {
  m.hi = words[index + 1]!;
  return words[index]!;
};
const signExtended = (m: Machine, low: Eval): Eval => () => {
  const value = low();
  m.hi = value >> 31;
  return value;
};

function unary64(m: Machine, op: string, a: Eval): Eval {
  const count = (of: (lo: number, hi: number) => number): Eval => () => {
    const lo = a();
    const result = of(lo, m.hi);
    m.hi = 0;
    return result;
  };
  switch (op) {
    case 'extend8_s': return signExtended(m, () => (a() << 24) >> 24);
    case 'extend16_s': return signExtended(m, () => (a() << 16) >> 16);
    case 'clz': return count((lo, hi) => (hi === 0 ? 32 + Math.clz32(lo) : Math.clz32(hi)));
    case 'ctz': return count((lo, hi) => (lo === 0 ? 32 + wide.ctz32(hi) : wide.ctz32(lo)));
    case 'popcnt': return count((lo, hi) => wide.popcnt32(lo) + wide.popcnt32(hi));
    default: throw new Error(`no i64 operation '${op}'`);
  }
}

function binary64(m: Machine, op: BinaryOp, left: Expr, right: Expr): Eval {
  if (op === 'add' && right.op === 'const') return addConstant(m, left, lowHalf(right.value), highHalf(right.value));
  const a = compile64(m, left);
  if (right.op === 'const' && SHIFTS[op]) {
    const shift = SHIFTS[op];
    const n = lowHalf(right.value);
    return () => {
      const lo = a();
      return shift(m, lo, m.hi, n);
    };
  }
  const b = compile64(m, right);
  switch (op) {
    case 'add': return () => {
      const al = a();
      const ah = m.hi;
      const bl = b();
      const low = (al + bl) | 0;
      m.hi = (ah + m.hi + ((low >>> 0) < (al >>> 0) ? 1 : 0)) | 0;
      return low;
    };
    case 'sub': return () => {
      const al = a();
      const ah = m.hi;
      const bl = b();
      m.hi = (ah - m.hi - ((al >>> 0) < (bl >>> 0) ? 1 : 0)) | 0;
      return (al - bl) | 0;
    };
    case 'and': return () => {
      const al = a();
      const ah = m.hi;
      const bl = b();
      m.hi &= ah;
      return al & bl;
    };
    case 'or': return () => {
      const al = a();
      const ah = m.hi;
      const bl = b();
      m.hi |= ah;
      return al | bl;
    };
    case 'xor': return () => {
      const al = a();
      const ah = m.hi;
      const bl = b();
      m.hi ^= ah;
      return al ^ bl;
    };
    default: break;
  }
  const operation = SHIFTS[op] ?? WIDE[op];
  if (!operation) throw new Error(`no i64 operation '${op}'`);
  return () => {
    const al = a();
    const ah = m.hi;
    const bl = b();
    return operation(m, al, ah, bl, m.hi);
  };
}

/** register + displacement is what most addresses are. */
function addConstant(m: Machine, left: Expr, low: number, high: number): Eval {
  if (left.op === 'reg') {
    const regs = m.regs;
    const index = 2 * left.reg;
    return () => {
      const lo = regs[index]!;
      const sum = (lo + low) | 0;
      m.hi = (regs[index + 1]! + high + ((sum >>> 0) < (lo >>> 0) ? 1 : 0)) | 0;
      return sum;
    };
  }
  const a = compile64(m, left);
  return () => {
    const lo = a();
    const sum = (lo + low) | 0;
    m.hi = (m.hi + high + ((sum >>> 0) < (lo >>> 0) ? 1 : 0)) | 0;
    return sum;
  };
}

type Wide = (m: Machine, al: number, ah: number, bl: number, bh: number) => number;
/** The count is the low half of the right operand. */
const SHIFTS: Partial<Record<BinaryOp, (m: Machine, lo: number, hi: number, count: number, high?: number) => number>> = {
  shl: wide.shl64, shr_u: wide.shrU64, shr_s: wide.shrS64, rotl: wide.rotl64, rotr: (m, lo, hi, n) => wide.rotl64(m, lo, hi, -n),
};
const WIDE: Partial<Record<BinaryOp, Wide>> = {
  mul: wide.mul64, div_u: wide.divU64, div_s: wide.divS64, rem_u: wide.remU64, rem_s: wide.remS64, mulhi_u: wide.mulHighU64, mulhi_s: wide.mulHighS64,
};
