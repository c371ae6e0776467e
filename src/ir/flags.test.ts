import { describe, expect, it } from 'vitest';
import { c32, c64, reg, tmp } from './build.ts';
import { evalBinary, evalUnary } from './fold.ts';
import { ALL_PREDICATES, flagsExpression, flagsLiveBefore, predBit, type FlagsStmt } from './flags.ts';
import { PREDICATES, type BinaryOp, type Expr, type FlagsKind, type Pred, type UnaryOp } from './ir.ts';

type Flags = Record<Pred, bigint>;
type Size = 1 | 2 | 4 | 8;

/** Evaluates over bigint; `tmps` 0..3 are a, b, c, r. */
function evaluate(e: Expr, tmps: readonly bigint[], flags: Flags): bigint {
  const width = e.type === 'i32' ? 32 : 64;
  switch (e.op) {
    case 'const': return BigInt.asUintN(width, BigInt(e.value));
    case 'tmp': return tmps[e.tmp]!;
    case 'pred': return flags[e.pred];
    case 'select': return evaluate(e.cond, tmps, flags) ? evaluate(e.a, tmps, flags) : evaluate(e.b, tmps, flags);
    case 'reg': case 'gsbase': case 'fsbase': case 'load': throw new Error(e.op);
    default:
      if ('b' in e) return evalBinary(e.op as BinaryOp, e.a.type, evaluate(e.a, tmps, flags), evaluate(e.b, tmps, flags))!;
      return evalUnary(e.op as UnaryOp, e.a.type, evaluate(e.a, tmps, flags));
  }
}

function statement(kind: FlagsKind, size: Size, constCount?: number): FlagsStmt {
  const type = size === 8 ? 'i64' : 'i32';
  const b = constCount === undefined ? tmp(type, 1) : size === 8 ? c64(constCount) : c32(constCount);
  return { s: 'flags', kind, size, a: tmp(type, 0), b, c: tmp('i32', 2), r: tmp(type, 3) };
}
function readsOf(e: Expr): Set<Pred> {
  const found = new Set<Pred>();
  const walk = (x: Expr): void => {
    if (x.op === 'pred') found.add(x.pred);
    for (const key of ['a', 'b', 'cond'] as const) if (key in x) walk((x as unknown as Record<string, Expr>)[key]!);
  };
  walk(e);
  return found;
}

/** The six flags by the SDM's words, over bigint. Undefined flags are left out. */
function reference(kind: FlagsKind, size: Size, a: bigint, b: bigint, c: bigint, old: Flags): { r: bigint; flags: Partial<Flags> } {
  const w = BigInt(size * 8);
  const mod = (v: bigint): bigint => BigInt.asUintN(Number(w), v);
  const sx = (v: bigint): bigint => BigInt.asIntN(Number(w), v);
  const msb = (v: bigint): bigint => (mod(v) >> (w - 1n)) & 1n;
  const flag = (x: boolean): bigint => (x ? 1n : 0n);
  const parity = (v: bigint): bigint => flag((v & 0xffn).toString(2).replaceAll('0', '').length % 2 === 0);
  const zsp = (r: bigint): Partial<Flags> => ({ z: flag(r === 0n), s: msb(r), p: parity(r) });
  const inRange = (v: bigint): boolean => v === sx(v);
  switch (kind) {
    case 'add': { const r = mod(a + b); return { r, flags: { ...zsp(r), b: flag(a + b !== r), o: flag(!inRange(sx(a) + sx(b))), a: flag((a & 15n) + (b & 15n) > 15n) } }; }
    case 'adc': { const r = mod(a + b + c); return { r, flags: { ...zsp(r), b: flag(a + b + c !== r), o: flag(!inRange(sx(a) + sx(b) + c)), a: flag((a & 15n) + (b & 15n) + c > 15n) } }; }
    case 'sub': { const r = mod(a - b); return { r, flags: { ...zsp(r), b: flag(a < b), o: flag(!inRange(sx(a) - sx(b))), a: flag((a & 15n) < (b & 15n)) } }; }
    case 'sbb': { const r = mod(a - b - c); return { r, flags: { ...zsp(r), b: flag(a < b + c), o: flag(!inRange(sx(a) - sx(b) - c)), a: flag((a & 15n) < (b & 15n) + c) } }; }
    case 'inc': { const r = mod(a + 1n); return { r, flags: { ...zsp(r), b: old.b, o: flag(!inRange(sx(a) + 1n)), a: flag((a & 15n) === 15n) } }; }
    case 'dec': { const r = mod(a - 1n); return { r, flags: { ...zsp(r), b: old.b, o: flag(!inRange(sx(a) - 1n)), a: flag((a & 15n) === 0n) } }; }
    case 'logic': { const r = a & b; return { r, flags: { ...zsp(r), b: 0n, o: 0n } }; }
    case 'shl': case 'shr': case 'sar': {
      if (b === 0n) return { r: a, flags: old };
      const r = mod(kind === 'shl' ? a << b : kind === 'shr' ? a >> b : sx(a) >> b);
      const out = kind === 'shl' ? (b <= w ? (a >> (w - b)) & 1n : undefined) : kind === 'shr' ? (b <= w ? (a >> (b - 1n)) & 1n : undefined) : (sx(a) >> (b - 1n)) & 1n;
      const flags: Partial<Flags> = { ...zsp(r) };
      if (out !== undefined) flags.b = out;
      if (b === 1n) flags.o = kind === 'shl' ? msb(r) ^ out! : kind === 'shr' ? msb(a) : 0n;
      return { r, flags };
    }
    case 'rol': case 'ror': {
      if (b === 0n) return { r: a, flags: old };
      const n = b % w;
      const r = mod(kind === 'rol' ? (a << n) | (a >> (w - n)) : (a >> n) | (a << (w - n)));
      const carry = kind === 'rol' ? r & 1n : msb(r);
      const flags: Partial<Flags> = { z: old.z, s: old.s, p: old.p, a: old.a, b: carry };
      if (b === 1n) flags.o = kind === 'rol' ? msb(r) ^ carry : msb(r) ^ ((r >> (w - 2n)) & 1n);
      return { r, flags };
    }
    case 'rcl': case 'rcr': {
      // c is the carry before; the statement is given the carry after it.
      const n = b % (w + 1n);
      const wide = (c << w) | a;
      const turned = BigInt.asUintN(Number(w) + 1, kind === 'rcl' ? (wide << n) | (wide >> (w + 1n - n)) : (wide >> n) | (wide << (w + 1n - n)));
      const r = mod(turned);
      const carry = turned >> w;
      const flags: Partial<Flags> = { z: old.z, s: old.s, p: old.p, a: old.a, b: b === 0n ? old.b : carry };
      if (b === 0n) flags.o = old.o;
      if (b === 1n) flags.o = kind === 'rcl' ? msb(r) ^ carry : msb(a) ^ c;
      return { r, flags };
    }
    case 'mul': return { r: 0n, flags: { b: c, o: c } };
    case 'bit': return { r: 0n, flags: { ...old, b: c } };
    case 'zero': return { r: 0n, flags: { ...old, z: c } };
    case 'count': return { r: b, flags: { b: c, z: flag(b === 0n) } };
    case 'word': return { r: a & 0xfffn, flags: { b: a & 1n, p: (a >> 2n) & 1n, a: (a >> 4n) & 1n, z: (a >> 6n) & 1n, s: (a >> 7n) & 1n, o: (a >> 11n) & 1n } };
    default: throw new Error(kind);
  }
}
const withCombinations = (f: Partial<Flags>): Partial<Flags> => {
  const all: Partial<Flags> = { ...f };
  delete all.be; delete all.l; delete all.le;
  if (f.b !== undefined && f.z !== undefined) all.be = f.b | f.z;
  if (f.s !== undefined && f.o !== undefined) all.l = f.s ^ f.o;
  if (all.l !== undefined && f.z !== undefined) all.le = all.l | f.z;
  return all;
};

const KINDS: readonly FlagsKind[] = ['add', 'adc', 'sub', 'sbb', 'inc', 'dec', 'logic', 'shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr', 'mul', 'bit', 'zero', 'count', 'word'];
const SHIFTS: readonly FlagsKind[] = ['shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr'];
const CARRY_IN_01: readonly FlagsKind[] = ['adc', 'sbb', 'rcl', 'rcr', 'mul', 'bit', 'zero', 'count'];

/** Deterministic 64-bit values with many interesting ones. */
function* values(seed: number): Generator<bigint, never> {
  let x = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
  const corners = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];
  for (;;) {
    x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n);
    yield (x >> 60n) < 6n ? corners[Number((x >> 32n) % 14n)]! : x >> ((x >> 20n) % 50n);
  }
}

describe('flags', () => {
  for (const kind of KINDS) {
    it(`${kind}: every defined flag and combination`, () => {
      const random = values(kind.length * 31 + kind.charCodeAt(0));
      const next = (): bigint => random.next().value;
      const sizes: readonly Size[] = kind === 'word' ? [4] : [1, 2, 4, 8];
      for (const size of sizes) {
        for (let round = 0; round < 400; round++) {
          const limit = (v: bigint): bigint => BigInt.asUintN(size * 8, v);
          const a = limit(next());
          const isShift = SHIFTS.includes(kind);
          const count = isShift ? next() & (size === 8 ? 63n : 31n) : 0n;
          const b = isShift ? count : limit(next());
          const c = CARRY_IN_01.includes(kind) ? next() & 1n : 0n;
          const bits = next();
          const six = { o: bits & 1n, b: (bits >> 1n) & 1n, z: (bits >> 2n) & 1n, s: (bits >> 3n) & 1n, p: (bits >> 4n) & 1n, a: (bits >> 5n) & 1n };
          const old = withCombinations(kind === 'rcl' || kind === 'rcr' ? { ...six, b: c } : six) as Flags;
          const expected = reference(kind, size, a, b, c, old);
          const carry = kind === 'rcl' || kind === 'rcr' ? expected.flags.b! : c;
          const stmt = statement(kind, size, isShift && count !== 0n && round % 2 ? Number(count) : undefined);
          for (const [name, value] of Object.entries(withCombinations(expected.flags))) {
            const got = flagsExpression(stmt, name as Pred);
            const after = got === 'unchanged' ? old[name as Pred] : evaluate(got, [a, b, carry, expected.r], old);
            if (after !== value) throw new Error(`${kind}${size} ${name}: a=${a} b=${b} c=${c} r=${expected.r} gives ${after}, not ${value}`);
          }
        }
      }
    });
  }

  it('shld and shrd take their last bit from the old destination', () => {
    for (const [kind, a, count, carry] of [['shld', 0x4000_0000n, 2n, 1n], ['shrd', 2n, 2n, 1n], ['shrd', 1n, 2n, 0n]] as const) {
      const got = flagsExpression(statement(kind, 4), 'b');
      expect(evaluate(got as Expr, [a, count, 0n, 7n], {} as Flags)).toBe(carry);
    }
  });

  it('an expression reads itself or what the statement leaves unchanged, and the liveness table says the same', () => {
    for (const kind of [...KINDS, 'shld', 'shrd'] as const) {
      for (const count of [undefined, 1]) {
        const stmt = statement(kind, kind === 'word' ? 4 : 8, count);
        for (const p of PREDICATES) {
          const value = flagsExpression(stmt, p);
          let before = 0;
          if (value === 'unchanged') before = predBit(p);
          else {
            for (const read of readsOf(value)) {
              before |= predBit(read);
              if (read !== p) expect([kind, p, read, flagsExpression(stmt, read)]).toEqual([kind, p, read, 'unchanged']);
            }
          }
          expect([kind, count, p, flagsLiveBefore(stmt, predBit(p)) & before]).toEqual([kind, count, p, before]);
          if (count === 1 || kind === 'sub') expect([kind, p, flagsLiveBefore(stmt, predBit(p))]).toEqual([kind, p, before]);
        }
        expect(flagsLiveBefore(stmt, ALL_PREDICATES) & ~ALL_PREDICATES).toBe(0);
      }
    }
  });

  it('compares registers directly', () => {
    const stmt: FlagsStmt = { s: 'flags', kind: 'sub', size: 8, a: reg(0), b: reg(1), c: c32(0), r: tmp('i64', 0) };
    expect(flagsExpression(stmt, 'le')).toEqual({ op: 'le_s', type: 'i32', a: reg(0), b: reg(1) });
  });
});
