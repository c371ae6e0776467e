// The meaning of unary and binary operators on constants, over bigint: what the builders fold with, and the plainest statement
// of each operator for tests of the engines. Operands may be given signed or unsigned; results are unsigned residues.

import type { BinaryOp, Type, UnaryOp } from './ir.ts';

const bits = (type: Type): number => (type === 'i32' ? 32 : 64);
const unsigned = (type: Type, v: bigint): bigint => BigInt.asUintN(bits(type), v);
const signed = (type: Type, v: bigint): bigint => BigInt.asIntN(bits(type), v);
const flag = (condition: boolean): bigint => (condition ? 1n : 0n);

const leadingZeros = (type: Type, v: bigint): bigint => BigInt(bits(type) - (v === 0n ? 0 : v.toString(2).length));
const trailingZeros = (type: Type, v: bigint): bigint => (v === 0n ? BigInt(bits(type)) : BigInt((v & -v).toString(2).length - 1));
const ones = (v: bigint): bigint => BigInt(v.toString(2).replaceAll('0', '').length);

/** `type` is the operand's type. */
export function evalUnary(op: UnaryOp, type: Type, operand: bigint): bigint {
  const a = unsigned(type, operand);
  switch (op) {
    case 'eqz': return flag(a === 0n);
    case 'clz': return leadingZeros(type, a);
    case 'ctz': return trailingZeros(type, a);
    case 'popcnt': return ones(a);
    case 'extend8_s': return unsigned(type, BigInt.asIntN(8, a));
    case 'extend16_s': return unsigned(type, BigInt.asIntN(16, a));
    case 'extend32_s': return unsigned(type, BigInt.asIntN(32, a));
    case 'wrap': return BigInt.asUintN(32, a);
    case 'extend_u': return a;
    case 'extend_s': return BigInt.asUintN(64, signed(type, a));
  }
}

/** `type` is the operands' type. Undefined where the operation has no result (division by zero, quotient too large). */
export function evalBinary(op: BinaryOp, type: Type, left: bigint, right: bigint): bigint | undefined {
  const a = unsigned(type, left);
  const b = unsigned(type, right);
  const sa = signed(type, a);
  const sb = signed(type, b);
  const width = BigInt(bits(type));
  const count = b % width;
  switch (op) {
    case 'add': return unsigned(type, a + b);
    case 'sub': return unsigned(type, a - b);
    case 'mul': return unsigned(type, a * b);
    case 'and': return a & b;
    case 'or': return a | b;
    case 'xor': return a ^ b;
    case 'shl': return unsigned(type, a << count);
    case 'shr_u': return a >> count;
    case 'shr_s': return unsigned(type, sa >> count);
    case 'rotl': return unsigned(type, (a << count) | (a >> (width - count)));
    case 'rotr': return unsigned(type, (a >> count) | (a << (width - count)));
    case 'div_u': return b === 0n ? undefined : a / b;
    case 'rem_u': return b === 0n ? undefined : a % b;
    case 'div_s': return sb === 0n || (sb === -1n && sa === -(1n << (width - 1n))) ? undefined : unsigned(type, sa / sb);
    case 'rem_s': return sb === 0n ? undefined : unsigned(type, sa % sb);
    case 'eq': return flag(a === b);
    case 'ne': return flag(a !== b);
    case 'lt_u': return flag(a < b);
    case 'le_u': return flag(a <= b);
    case 'gt_u': return flag(a > b);
    case 'ge_u': return flag(a >= b);
    case 'lt_s': return flag(sa < sb);
    case 'le_s': return flag(sa <= sb);
    case 'gt_s': return flag(sa > sb);
    case 'ge_s': return flag(sa >= sb);
    case 'mulhi_u': return (a * b) >> width;
    case 'mulhi_s': return unsigned(type, (sa * sb) >> width);
  }
}
