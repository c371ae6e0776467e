// Integer arithmetic: gcd, lcm, roots, powers, rationals, division by a reciprocal, population counts. Linux: lib/math/, lib/hweight.c.

import type { Ram } from '../../base/ram.ts';
import type { Registers } from '../../cpu/api.ts';
import { RAX, RDI, RDX, RSI } from '../../ir/ir.ts';
import { popcount } from './bitmap.ts';
import { type ExportTable, fn, raw } from '../exports/define.ts';

const unsigned = (regs: Registers, reg: number): bigint => BigInt.asUintN(64, regs.getBig(reg));
const result = (regs: Registers, value: bigint): void => regs.set(RAX, BigInt.asIntN(64, value));

export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
const lcm = (a: bigint, b: bigint): bigint => a === 0n || b === 0n ? 0n : a / gcd(a, b) * b;

/** Largest number whose square is at most `n`. */
export function integerSqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let root = BigInt(Math.floor(Math.sqrt(Number(n))));
  while (root * root > n) root--;
  while ((root + 1n) * (root + 1n) <= n) root++;
  return root;
}

export function mathExports(ram: Ram): ExportTable {
  return {
    gcd: raw((regs) => result(regs, gcd(unsigned(regs, RDI), unsigned(regs, RSI)))),
    lcm: raw((regs) => result(regs, lcm(unsigned(regs, RDI), unsigned(regs, RSI)))),
    lcm_not_zero: raw((regs) => {
      const [a, b] = [unsigned(regs, RDI), unsigned(regs, RSI)];
      result(regs, lcm(a, b) || b || a);
    }),
    int_sqrt: raw((regs) => result(regs, integerSqrt(unsigned(regs, RDI)))),
    int_pow: fn('int_pow', (base: bigint, exponent: number) => BigInt.asUintN(64, base ** BigInt(exponent))),
    // Called from inline assembly that trusts all registers but rax.
    __sw_hweight32: raw((regs) => regs.set(RAX, popcount(regs.get(RDI) | 0))),
    __sw_hweight64: raw((regs) => {
      const word = regs.getBig(RDI);
      regs.set(RAX, popcount(Number(BigInt.asIntN(32, word))) + popcount(Number(BigInt.asIntN(32, word >> 32n))));
    }),
    rational_best_approximation: raw((regs) => {
      const best = bestApproximation(unsigned(regs, RDI), unsigned(regs, RSI), unsigned(regs, RDX), unsigned(regs, 1));
      ram.writeU64(regs.get(8), best.numerator);
      ram.writeU64(regs.get(9), best.denominator);
    }),
    reciprocal_value: raw((regs) => {
      // struct reciprocal_value { u32 m; u8 sh1, sh2; } comes back in one register.
      const { multiplier, shift1, shift2 } = reciprocal(regs.get(RDI) >>> 0);
      result(regs, BigInt(multiplier) | (BigInt(shift1) << 32n) | (BigInt(shift2) << 40n));
    }),
  };
}

/** x / d as (((mulhi(x, m)) + (x - mulhi) >> shift1) >> shift2 (Granlund and Montgomery). */
function reciprocal(divisor: number): { multiplier: number; shift1: number; shift2: number } {
  const bits = 32 - Math.clz32(divisor - 1);
  const m = ((1n << 32n) * ((1n << BigInt(bits)) - BigInt(divisor))) / BigInt(divisor) + 1n;
  return { multiplier: Number(BigInt.asUintN(32, m)), shift1: Math.min(bits, 1), shift2: Math.max(bits - 1, 0) };
}

/** Closest fraction to n / d whose parts are not above the limits: continued fraction, with the best semi-convergent at its end. */
function bestApproximation(n: bigint, d: bigint, maxNumerator: bigint, maxDenominator: bigint): { numerator: bigint; denominator: bigint } {
  let [n0, d0, n1, d1] = [0n, 1n, 1n, 0n];
  let [a, b] = [n, d];
  while (b !== 0n) {
    const q = a / b;
    const [n2, d2] = [n0 + q * n1, d0 + q * d1];
    if (n2 > maxNumerator || d2 > maxDenominator) {
      let t = MAX;
      if (d1 !== 0n) t = (maxDenominator - d0) / d1;
      if (n1 !== 0n && (maxNumerator - n0) / n1 < t) t = (maxNumerator - n0) / n1;
      // The semi-convergent is better than the last convergent when it uses more than half of the quotient.
      const isBetter = d1 === 0n || 2n * t > q || (2n * t === q && d0 * b > d1 * (a % b));
      return isBetter ? { numerator: n0 + t * n1, denominator: d0 + t * d1 } : { numerator: n1, denominator: d1 };
    }
    [n0, d0, n1, d1] = [n1, d1, n2, d2];
    [a, b] = [b, a % b];
  }
  return { numerator: n1, denominator: d1 };
}
const MAX = (1n << 64n) - 1n;
