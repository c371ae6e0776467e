// What flag-setting operations leave in the condition predicates: the one place where the meaning of flags is written. Each
// expression reads the statement's operands, the predicate itself, or predicates that the statement leaves unchanged; so the
// predicates of one statement can be computed in any order. Flags the SDM calls undefined are kept or zero, whichever is cheaper.

import { and, binary, c32, c64, eq, eqz, ltS, ltU, ne, or, pred, select, shl, shrS, shrU, sub, unary, wrap, xor } from './build.ts';
import { PREDICATES, type Expr, type FlagsKind, type Pred, type Stmt } from './ir.ts';

export type FlagsStmt = Extract<Stmt, { s: 'flags' }>;
type Value = Expr | 'unchanged';
/** Value of a predicate after the statement, when its shift count is not zero. */
type Rule = (s: FlagsStmt, p: Pred) => Value;

export function flagsExpression(stmt: FlagsStmt, p: Pred): Value {
  const value = RULES[stmt.kind](stmt, p);
  if (value === 'unchanged' || !mayBeZeroCount(stmt)) return value;
  return select(ne(stmt.b, zeroOf(stmt)), value, pred(p));
}

const COUNTED = new Set<FlagsKind>(['shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr', 'shld', 'shrd']);
/** True for shifts and rotates by a variable count: a zero count changes no flag. */
export const mayBeZeroCount = (s: FlagsStmt): boolean => s.b.op !== 'const' && COUNTED.has(s.kind);

const width = (s: FlagsStmt): number => s.size * 8;
const constant = (s: FlagsStmt, value: number | bigint): Expr => (s.size === 8 ? c64(value) : c32(Number(value)));
const zeroOf = (s: FlagsStmt): Expr => (s.b.type === 'i64' ? c64(0) : c32(0));
const low = (e: Expr): Expr => (e.type === 'i64' ? wrap(e) : e);
const bit = (e: Expr, number: number): Expr => and(low(shrU(e, e.type === 'i64' ? c64(number) : c32(number))), c32(1));
/** Sign bit of an operand-sized value that is zero-extended. */
const sign = (s: FlagsStmt, e: Expr): Expr => (s.size === 8 ? ltS(e, c64(0)) : s.size === 4 ? ltS(e, c32(0)) : shrU(e, c32(width(s) - 1)));
const signExtended = (s: FlagsStmt, e: Expr): Expr => (s.size === 1 ? unary('extend8_s', e) : s.size === 2 ? unary('extend16_s', e) : e);
const isZero = (e: Expr): Expr => eqz(e);
const equal = (a: Expr, b: Expr): Expr => (b.op === 'const' && b.value === 0 ? eqz(a) : eq(a, b));
const parity = (r: Expr): Expr => eqz(and(unary('popcnt', and(low(r), c32(0xff))), c32(1)));

/** Z, S, P of the result; the three combinations out of what `rule` says of the single flags. */
function fromResult(s: FlagsStmt, p: Pred, rule: Rule): Value {
  switch (p) {
    case 'z': return isZero(s.r);
    case 's': return sign(s, s.r);
    case 'p': return parity(s.r);
    default: return combine(s, p, rule);
  }
}
/** BE, L, LE from the single flags; a flag that the statement leaves alone is read. */
function combine(s: FlagsStmt, p: Pred, rule: Rule): Value {
  const flag = (name: Pred): Expr => {
    const value = rule(s, name);
    return value === 'unchanged' ? pred(name) : value;
  };
  const isKept = (...names: Pred[]): boolean => names.every((name) => rule(s, name) === 'unchanged');
  switch (p) {
    case 'be': return isKept('b', 'z') ? 'unchanged' : or(flag('b'), flag('z'));
    case 'l': return isKept('s', 'o') ? 'unchanged' : xor(flag('s'), flag('o'));
    case 'le': return isKept('s', 'o', 'z') ? 'unchanged' : or(flag('z'), flag('l'));
    default: return 'unchanged';
  }
}

const auxiliaryCarry = (s: FlagsStmt): Expr => bit(xor(xor(s.a, s.b), s.r), 4);
const addOverflow = (s: FlagsStmt): Expr => sign(s, and(xor(s.a, s.r), xor(s.b, s.r)));
const subOverflow = (s: FlagsStmt): Expr => sign(s, and(xor(s.a, s.b), xor(s.a, s.r)));

const addRule: Rule = (s, p) => {
  switch (p) {
    case 'b': return ltU(s.r, s.a);
    case 'o': return addOverflow(s);
    case 'a': return auxiliaryCarry(s);
    default: return fromResult(s, p, addRule);
  }
};
const adcRule: Rule = (s, p) => (p === 'b' ? or(ltU(s.r, s.a), and(s.c, eq(s.r, s.a))) : p === 'o' || p === 'a' ? addRule(s, p) : fromResult(s, p, adcRule));

const subRule: Rule = (s, p) => {
  switch (p) {
    case 'b': return ltU(s.a, s.b);
    case 'z': return equal(s.a, s.b);
    case 'o': return subOverflow(s);
    case 'a': return auxiliaryCarry(s);
    case 'be': return binary('le_u', s.a, s.b);
    case 'l': return ltS(signExtended(s, s.a), signExtended(s, s.b));
    case 'le': return binary('le_s', signExtended(s, s.a), signExtended(s, s.b));
    default: return fromResult(s, p, subRule);
  }
};
const sbbRule: Rule = (s, p) => (p === 'b' ? or(ltU(s.a, s.b), and(s.c, eq(s.a, s.b))) : p === 'o' || p === 'a' ? subRule(s, p) : fromResult(s, p, sbbRule));

const incRule: Rule = (s, p) => {
  switch (p) {
    case 'b': return 'unchanged';
    case 'o': return eq(s.r, constant(s, s.size === 8 ? -(1n << 63n) : 2 ** (width(s) - 1)));
    case 'a': return eqz(and(low(s.r), c32(15)));
    default: return fromResult(s, p, incRule);
  }
};
const decRule: Rule = (s, p) => {
  switch (p) {
    case 'b': return 'unchanged';
    case 'o': return eq(s.r, constant(s, s.size === 8 ? (1n << 63n) - 1n : 2 ** (width(s) - 1) - 1));
    case 'a': return eq(and(low(s.r), c32(15)), c32(15));
    default: return fromResult(s, p, decRule);
  }
};

const logicRule: Rule = (s, p) => {
  switch (p) {
    case 'b': case 'o': case 'a': return c32(0);
    case 'be': return isZero(s.r);
    case 'l': return sign(s, s.r);
    case 'le': return binary('le_s', signExtended(s, s.r), constant(s, 0));
    default: return fromResult(s, p, logicRule);
  }
};

/** count - 1, for the last bit that is shifted out. */
const countLessOne = (s: FlagsStmt): Expr => sub(s.b, s.b.type === 'i64' ? c64(1) : c32(1));
const lastOutLeft = (s: FlagsStmt): Expr => bit(shl(s.a, countLessOne(s)), width(s) - 1);
const lastOutRight = (s: FlagsStmt): Expr => bit(shrU(s.a, countLessOne(s)), 0);
const signChanged = (s: FlagsStmt): Expr => sign(s, xor(s.r, s.a));
/** A shift's A flag is undefined: zero for a constant count, kept for a variable one. */
const shiftRule = (carry: (s: FlagsStmt) => Expr, overflow: (s: FlagsStmt) => Expr): Rule => {
  const rule: Rule = (s, p) => {
    switch (p) {
      case 'b': return carry(s);
      case 'o': return overflow(s);
      case 'a': return s.b.op === 'const' ? c32(0) : 'unchanged';
      default: return fromResult(s, p, rule);
    }
  };
  return rule;
};
/** Rotates change B and O only. */
const rotateRule = (carry: (s: FlagsStmt) => Expr, overflow: (s: FlagsStmt) => Expr): Rule => {
  const rule: Rule = (s, p) => (p === 'b' ? carry(s) : p === 'o' ? overflow(s) : combine(s, p, rule));
  return rule;
};
const twoTopBitsDiffer = (s: FlagsStmt): Expr => xor(bit(s.r, width(s) - 1), bit(s.r, width(s) - 2));

const mulRule: Rule = (s, p) => (p === 'b' || p === 'o' || p === 'be' || p === 'l' || p === 'le' ? s.c : c32(0));
const bitRule: Rule = (s, p) => (p === 'b' ? s.c : combine(s, p, bitRule));
const zeroRule: Rule = (s, p) => (p === 'z' ? s.c : p === 'le' ? or(s.c, pred('l')) : combine(s, p, zeroRule));
const countRule: Rule = (s, p) => (p === 'b' ? s.c : p === 'z' ? isZero(s.r) : p === 'le' ? or(isZero(s.r), pred('l')) : combine(s, p, countRule));

/** Bit numbers in RFLAGS. */
export const RFLAGS_BIT: Partial<Record<Pred, number>> = { b: 0, p: 2, a: 4, z: 6, s: 7, o: 11 };
const wordRule: Rule = (s, p) => {
  const number = RFLAGS_BIT[p];
  return number === undefined ? combine(s, p, wordRule) : bit(s.r, number);
};

const RULES: Record<FlagsKind, Rule> = {
  add: addRule, adc: adcRule, sub: subRule, sbb: sbbRule, inc: incRule, dec: decRule, logic: logicRule,
  shl: shiftRule(lastOutLeft, (s) => xor(bit(s.r, width(s) - 1), lastOutLeft(s))),
  shr: shiftRule(lastOutRight, (s) => sign(s, s.a)),
  sar: shiftRule((s) => bit(shrS(signExtended(s, s.a), countLessOne(s)), 0), () => c32(0)),
  shld: shiftRule(lastOutLeft, signChanged),
  shrd: shiftRule(lastOutRight, signChanged),
  rol: rotateRule((s) => bit(s.r, 0), (s) => xor(bit(s.r, width(s) - 1), bit(s.r, 0))),
  ror: rotateRule((s) => bit(s.r, width(s) - 1), twoTopBitsDiffer),
  rcl: rotateRule((s) => s.c, (s) => xor(bit(s.r, width(s) - 1), s.c)),
  rcr: rotateRule((s) => s.c, twoTopBitsDiffer),
  mul: mulRule, bit: bitRule, zero: zeroRule, count: countRule, word: wordRule,
};

export const predBit = (p: Pred): number => 1 << PREDICATES.indexOf(p);
export const ALL_PREDICATES = (1 << PREDICATES.length) - 1;
const mask = (...preds: Pred[]): number => preds.reduce((sum, p) => sum | predBit(p), 0);

/** Predicates a kind leaves unchanged, apart from zero counts. */
const KEPT: Partial<Record<FlagsKind, number>> = {
  inc: mask('b'), dec: mask('b'),
  rol: mask('z', 's', 'p', 'a'), ror: mask('z', 's', 'p', 'a'), rcl: mask('z', 's', 'p', 'a'), rcr: mask('z', 's', 'p', 'a'),
  bit: mask('o', 'z', 's', 'p', 'a', 'l', 'le'), zero: mask('o', 'b', 's', 'p', 'a', 'l'), count: mask('o', 's', 'p', 'a', 'l'),
};
const NOTHING: Partial<Record<Pred, number>> = {};
const INCREMENT_READS: Partial<Record<Pred, number>> = { be: mask('b') };
const ROTATE_READS: Partial<Record<Pred, number>> = { be: mask('z'), l: mask('s'), le: mask('z', 's') };
/** Other predicates that the value of a predicate is made of. */
const READS: Partial<Record<FlagsKind, Partial<Record<Pred, number>>>> = {
  inc: INCREMENT_READS, dec: INCREMENT_READS, rol: ROTATE_READS, ror: ROTATE_READS, rcl: ROTATE_READS, rcr: ROTATE_READS,
  bit: { be: mask('z') }, zero: { be: mask('b'), le: mask('l') }, count: { le: mask('l') },
};

/** Which predicates must be right before the statement so that those in `live` are right after it (operands not counted). */
export function flagsLiveBefore(s: FlagsStmt, live: number): number {
  let kept = KEPT[s.kind] ?? 0;
  if (mayBeZeroCount(s)) kept = ALL_PREDICATES;
  let before = live & kept;
  const reads = READS[s.kind] ?? NOTHING;
  for (const name in reads) if (live & predBit(name as Pred)) before |= reads[name as Pred]!;
  return before;
}
