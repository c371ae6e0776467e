// Where a test instruction and its memory lie: natively (`harness.c` has the same numbers) and in the engines' RAM. Everything
// keeps its distance, so that only pointers differ, all by the same amount.

import { KERNEL_BASE } from '../../src/base/ptr.ts';
import { Random } from './random.ts';

export const NATIVE_CODE = 0x5a1234500000n;
export const INSN_OFFSET = 0x80;
/** Where a taken branch lands. */
export const TAKEN_OFFSET = 0x100;
export const WINDOW_OFFSET = 0x1000;
export const WINDOW_SIZE = 256;
/** xmm0 to xmm15. */
export const VECTORS_SIZE = 256;
export const NATIVE_WINDOW = NATIVE_CODE + BigInt(WINDOW_OFFSET);
export const NATIVE_INSN = NATIVE_CODE + BigInt(INSN_OFFSET);
/** Pointers lie in [NATIVE_CODE, NATIVE_CODE + POINTER_RANGE). */
export const POINTER_RANGE = 0x2000n;

export const GUEST_CODE = KERNEL_BASE + 0x40000;
export const GUEST_INSN = GUEST_CODE + INSN_OFFSET;
export const GUEST_TAKEN = GUEST_CODE + TAKEN_OFFSET;
export const GUEST_WINDOW = GUEST_CODE + WINDOW_OFFSET;
export const GUEST_DELTA = BigInt.asUintN(64, BigInt(GUEST_CODE) - NATIVE_CODE);

/** A native value as the engines see it. */
export const relocate = (value: bigint): bigint =>
  value >= NATIVE_CODE && value < NATIVE_CODE + POINTER_RANGE ? BigInt.asUintN(64, value + GUEST_DELTA) : value;

/** RFLAGS bits that are compared. */
export const FLAGS = { C: 1, P: 4, A: 0x10, Z: 0x40, S: 0x80, O: 0x800 } as const;
export const ALL_FLAGS = 0x8d5;

/** Value of register `r`, whose state may say that it is a pointer (or part of an address). */
export const relocateRegister = (state: State, r: number, value: bigint): bigint =>
  r === state.pointer ? BigInt.asUintN(64, value + GUEST_DELTA) : relocate(value);

/** Registers, condition flags and memory before or after an instruction, in native addresses. */
export interface State {
  /** The state is `baseState(seed)` with changes. */
  readonly seed: number;
  flags: number;
  readonly regs: BigUint64Array;
  readonly memory: Uint8Array;
  readonly vectors: Uint8Array;
  /** Register that makes an address absolute: it differs between machines whatever its value; -1 for none. */
  pointer: number;
  /** Memory may hold pointers: pushed, popped, or jumped to. */
  hasPointersInMemory: boolean;
}
/** Random registers, flags and memory. Recorded vectors name their states by seed, so this stays as it is. */
export const baseState = (seed: number): State => {
  const random = new Random(seed);
  const regs = new BigUint64Array(16);
  for (let i = 0; i < 16; i++) regs[i] = random.value();
  const memory = new Uint8Array(WINDOW_SIZE);
  const words = new BigUint64Array(memory.buffer);
  for (let i = 0; i < words.length; i++) words[i] = random.value();
  const flags = random.u32() & ALL_FLAGS;
  return { seed, flags, regs, memory, vectors: randomVectors(random), pointer: -1, hasPointersInMemory: false };
};

/** Vector registers: bits of all kinds, and floating-point numbers of either format. */
const randomVectors = (random: Random): Uint8Array => {
  const view = new DataView(new ArrayBuffer(VECTORS_SIZE));
  for (let at = 0; at < VECTORS_SIZE; at += 16) {
    const kind = random.below(4);
    for (let i = 0; i < 16; i += kind === 1 ? 4 : 8) {
      if (kind === 1) view.setFloat32(at + i, randomFloat(random), true);
      else if (kind === 2) view.setFloat64(at + i, randomFloat(random), true);
      else view.setBigUint64(at + i, random.value(), true);
    }
  }
  return new Uint8Array(view.buffer);
};
const randomFloat = (random: Random): number => {
  const sign = random.chance(0.5) ? 1 : -1;
  switch (random.below(6)) {
    case 0: return sign * random.below(10);
    case 1: return sign * random.below(1000) / 8;
    case 2: return sign * random.pick([0, 0.5, 1.5, 2.5, Number.POSITIVE_INFINITY, 2147483648, 2 ** 63, 3.5e38, 1e-40, 5e-324]);
    default: return sign * random.u32() * 2 ** (random.below(120) - 76);
  }
};

export interface Outcome extends Omit<State, 'seed' | 'pointer' | 'hasPointersInMemory'> {
  /** 0, or 0x100 | exception number. */
  exception: number;
  /** The branch was taken (or the call, jump, return went to TAKEN). */
  taken: boolean;
}
