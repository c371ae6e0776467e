// Addresses of loads and stores, taken apart: a base that has to be checked against RAM and a small displacement that comes
// for free (see ACCESS_REACH). Two accesses with the same base key need one check as long as the base's registers keep
// their values.

import { add, c64 } from '../../ir/build.ts';
import { RSP, type Expr } from '../../ir/ir.ts';
import { ACCESS_REACH } from '../layout.ts';

export type Address =
  /** rsp plus a constant. */
  | { readonly kind: 'stack'; readonly displacement: number }
  | { readonly kind: 'gs'; readonly displacement: number }
  | { readonly kind: 'constant'; readonly address: number }
  | {
    readonly kind: 'base';
    /** What is checked, as an i64 expression; `bias` is the part of the constant that belongs to it. */
    readonly base: Expr;
    readonly bias: number;
    /** |displacement| < ACCESS_REACH. */
    readonly displacement: number;
    /** Names the base when it is made of registers and constants only, else ''. */
    readonly key: string;
    /** Registers in the base, and by how much it moves when they move by one; NaN when that is not a constant. */
    readonly factors: ReadonlyMap<number, number>;
  };

const NO_FACTORS: ReadonlyMap<number, number> = new Map();

/** Values of the temporaries of the instruction in hand, for those made of registers and constants. */
export type TmpValues = ReadonlyMap<number, Expr>;

/** `isStatic`: rsp is tracked, so that rsp plus a constant is a slot of the frame. */
export function takeApart(expr: Expr, tmps: TmpValues, isStatic: boolean): Address {
  let constant = 0;
  const terms: Expr[] = [];
  const collect = (e: Expr): void => {
    if (e.op === 'const' && typeof e.value === 'number') constant += e.value;
    else if (e.op === 'add') {
      collect(e.a);
      collect(e.b);
    } else if (e.op === 'sub' && e.b.op === 'const' && typeof e.b.value === 'number') {
      collect(e.a);
      constant -= e.b.value;
    } else if (e.op === 'tmp' && tmps.has(e.tmp)) collect(tmps.get(e.tmp)!);
    else terms.push(e);
  };
  collect(expr);
  if (!Number.isSafeInteger(constant)) return { kind: 'base', base: expr, bias: 0, displacement: 0, key: '', factors: NO_FACTORS };
  if (terms.length === 0) return { kind: 'constant', address: constant };
  const first = terms[0]!;
  if (terms.length === 1) {
    if (isStatic && first.op === 'reg' && first.reg === RSP) return { kind: 'stack', displacement: constant };
    if (first.op === 'gsbase') return { kind: 'gs', displacement: constant };
  }
  // Displacements of one struct or array share the rest.
  const bias = Math.abs(constant) < ACCESS_REACH ? 0 : Math.round(constant / ACCESS_REACH) * ACCESS_REACH;
  const displacement = constant - bias;
  let base = first;
  for (let i = 1; i < terms.length; i++) base = add(base, terms[i]!);
  const keys: string[] = [];
  const factors = new Map<number, number>();
  for (const term of terms) {
    const key = keyOf(term, tmps);
    if (key === '') return { kind: 'base', base, bias, displacement, key: '', factors: NO_FACTORS };
    keys.push(key);
    addFactors(term, tmps, 1, factors);
  }
  if (bias !== 0) keys.push(String(bias));
  return { kind: 'base', base, bias, displacement, key: keys.length === 1 ? keys[0]! : keys.sort().join('+'), factors };
}

/** The i64 that is compared: base plus its share of the constant, plus `shift`. */
export const biasedBase = (address: Address & { kind: 'base' }, shift: number): Expr => add(address.base, c64(address.bias + shift));

function keyOf(e: Expr, tmps: TmpValues): string {
  if (e.op === 'reg') return `r${e.reg}`;
  if (e.op === 'const') return String(e.value);
  if (e.op === 'gsbase') return 'gs';
  if (e.op === 'tmp') {
    const value = tmps.get(e.tmp);
    return value ? keyOf(value, tmps) : '';
  }
  if (e.op === 'shl' || e.op === 'mul' || e.op === 'add' || e.op === 'sub') {
    const a = keyOf(e.a, tmps), b = keyOf(e.b, tmps);
    return a === '' || b === '' ? '' : `(${a} ${e.op} ${b})`;
  }
  return '';
}

function addFactors(e: Expr, tmps: TmpValues, scale: number, factors: Map<number, number>): void {
  switch (e.op) {
    case 'reg':
      factors.set(e.reg, (factors.get(e.reg) ?? 0) + scale);
      return;
    case 'tmp':
      addFactors(tmps.get(e.tmp)!, tmps, scale, factors);
      return;
    case 'shl':
      addFactors(e.a, tmps, e.b.op === 'const' && Number(e.b.value) < 16 ? scale * 2 ** Number(e.b.value) : Number.NaN, factors);
      if (e.b.op !== 'const') addFactors(e.b, tmps, Number.NaN, factors);
      return;
    case 'add': case 'sub': case 'mul':
      addFactors(e.a, tmps, Number.NaN, factors);
      addFactors(e.b, tmps, Number.NaN, factors);
      return;
  }
}

/** rsp, or rsp plus a constant. */
export const isStackAddress = (e: Expr): boolean =>
  (e.op === 'reg' && e.reg === RSP) || ((e.op === 'add' || e.op === 'sub') && e.a.op === 'reg' && e.a.reg === RSP && e.b.op === 'const');
