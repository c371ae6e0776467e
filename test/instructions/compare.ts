// Whether an engine left what the processor left, apart from what is undefined. Answers the first difference in words, or ''.

import { REGISTER_NAMES } from '../../src/ir/ir.ts';
import { NATIVE_CODE, type Outcome, POINTER_RANGE, relocate, relocateRegister, type State, VECTORS_SIZE, WINDOW_SIZE } from './layout.ts';
import type { Case } from './generator.ts';
import { isResultUndefined, undefinedFlags } from './undefined.ts';

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Pointers in memory (pushed addresses) as the engines see them. */
export const relocateMemory = (state: State, memory: Uint8Array): Uint8Array => {
  if (!state.hasPointersInMemory) return memory;
  const copy = memory.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 8 <= WINDOW_SIZE; at++) {
    const word = view.getBigUint64(at, true);
    if (word < NATIVE_CODE || word >= NATIVE_CODE + POINTER_RANGE) continue;
    view.setBigUint64(at, relocate(word), true);
    at += 7;
  }
  return copy;
};

const vectorText = (vectors: Uint8Array, n: number): string => [...vectors.subarray(16 * n, 16 * n + 16)].map((b) => b.toString(16).padStart(2, '0')).reverse().join('');

/** `actual` holds guest addresses, `native` the processor's. */
export const difference = (test: Case, before: State, native: Outcome, actual: Outcome): string => {
  if (native.exception !== actual.exception) return `exception 0x${actual.exception.toString(16)}, not 0x${native.exception.toString(16)}`;
  if (native.taken !== actual.taken) return `branch ${actual.taken ? 'taken' : 'not taken'}`;
  if (test.undefinedFlags === undefined && isResultUndefined(test.insn, before)) return '';
  for (let r = 0; r < 16; r++) {
    const expected = relocateRegister(before, r, native.regs[r]!);
    if (expected !== actual.regs[r]!) return `${REGISTER_NAMES[r]} = ${hex(actual.regs[r]!)}, not ${hex(expected)} (was ${hex(relocateRegister(before, r, before.regs[r]!))})`;
  }
  if (native.exception === 0) {
    const mask = ~(test.undefinedFlags ?? undefinedFlags(test.insn, before));
    if (((native.flags ^ actual.flags) & mask) !== 0) return `flags 0x${(actual.flags & mask).toString(16)}, not 0x${(native.flags & mask).toString(16)} (were 0x${before.flags.toString(16)})`;
  }
  for (let i = 0; i < VECTORS_SIZE; i++) {
    if (native.vectors[i] !== actual.vectors[i]) return `xmm${i >> 4} ${vectorText(actual.vectors, i >> 4)}, not ${vectorText(native.vectors, i >> 4)} (was ${vectorText(before.vectors, i >> 4)})`;
  }
  const expected = relocateMemory(before, native.memory);
  for (let i = 0; i < WINDOW_SIZE; i++) {
    if (expected[i] !== actual.memory[i]) return `memory[${i}] = ${actual.memory[i]}, not ${expected[i]} (operand at ${test.target})`;
  }
  return '';
};
