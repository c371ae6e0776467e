// Recorded vectors: instructions with states and what a real processor made of them, as differences. A file holds instructions one
// after the other, each with its states:
//   u8 length of the code, code, u8 target offset, u8 number of states
//   state: u32 seed of baseState, u8 what (1 pointers in memory, 2 branch taken), i8 pointer register, u8 exception (0 none, else
//          number + 1), u16 flags before, u16 flags after, then differences: registers and memory from the base state to the
//          state, from the state to the outcome, and
//          vector registers (as memory) from the state to the outcome
//   registers: u16 mask, then a u64 for each; memory: u8 number of runs, each u8 offset, u8 length, bytes

import { Decoder } from '../../src/x86/decoder.ts';
import type { Vector } from './batch.ts';
import { baseState, NATIVE_INSN, type Outcome, type State, WINDOW_SIZE } from './layout.ts';

const POINTERS = 1, TAKEN = 2;

export const writeVectors = (groups: Iterable<readonly Vector[]>): Uint8Array => {
  const out = new Output();
  for (const group of groups) {
    const { test } = group[0]!;
    out.u8(test.code.length);
    out.bytes(test.code);
    out.u8(test.target);
    out.u8(group.length);
    for (const { state, outcome } of group) {
      const base = baseState(state.seed);
      out.u32(state.seed);
      out.u8((state.hasPointersInMemory ? POINTERS : 0) | (outcome.taken ? TAKEN : 0));
      out.u8(state.pointer & 0xff);
      out.u8(outcome.exception === 0 ? 0 : (outcome.exception & 0xff) + 1);
      out.u16(state.flags);
      out.u16(outcome.flags);
      out.registers(base.regs, state.regs);
      out.memory(base.memory, state.memory);
      out.registers(state.regs, outcome.regs);
      out.memory(state.memory, outcome.memory);
      out.memory(state.vectors, outcome.vectors);
    }
  }
  return out.result();
};

export function* readVectors(data: Uint8Array): Generator<Vector[], void, void> {
  const input = new Input(data);
  const decoder = new Decoder();
  while (!input.isAtEnd) {
    const code = input.bytes(input.u8()).slice();
    const target = input.u8();
    const test = { code, insn: decoder.decode(code, 0, Number(NATIVE_INSN)), target };
    yield Array.from({ length: input.u8() }, () => ({ test, ...readState(input) }));
  }
}

const readState = (input: Input): { state: State; outcome: Outcome } => {
  const state = baseState(input.u32());
  const what = input.u8();
  state.hasPointersInMemory = (what & POINTERS) !== 0;
  state.pointer = input.u8() << 24 >> 24;
  const exception = input.u8();
  state.flags = input.u16();
  const flags = input.u16();
  input.registers(state.regs);
  input.memory(state.memory);
  const outcome: Outcome = { exception: exception === 0 ? 0 : 0x100 | (exception - 1), taken: (what & TAKEN) !== 0, flags, regs: state.regs.slice(), memory: state.memory.slice(), vectors: state.vectors.slice() };
  input.registers(outcome.regs);
  input.memory(outcome.memory);
  input.memory(outcome.vectors);
  return { state, outcome };
};

class Output {
  private buffer = new Uint8Array(1 << 20);
  private view = new DataView(this.buffer.buffer);
  private at = 0;

  private room(size: number): void {
    if (this.at + size <= this.buffer.length) return;
    const larger = new Uint8Array(this.buffer.length * 2);
    larger.set(this.buffer);
    this.buffer = larger;
    this.view = new DataView(larger.buffer);
  }
  u8(value: number): void {
    this.room(1);
    this.buffer[this.at++] = value;
  }
  u16(value: number): void {
    this.u8(value & 0xff);
    this.u8(value >> 8 & 0xff);
  }
  u32(value: number): void {
    this.u16(value & 0xffff);
    this.u16(value >>> 16);
  }
  bytes(data: Uint8Array): void {
    this.room(data.length);
    this.buffer.set(data, this.at);
    this.at += data.length;
  }
  registers(from: BigUint64Array, to: BigUint64Array): void {
    let mask = 0;
    for (let r = 0; r < 16; r++) if (from[r] !== to[r]) mask |= 1 << r;
    this.u16(mask);
    for (let r = 0; r < 16; r++) {
      if ((mask >> r & 1) === 0) continue;
      this.room(8);
      this.view.setBigUint64(this.at, to[r]!, true);
      this.at += 8;
    }
  }
  memory(from: Uint8Array, to: Uint8Array): void {
    const runs: [number, number][] = [];
    for (let i = 0; i < WINDOW_SIZE; i++) {
      if (from[i] === to[i]) continue;
      const last = runs.at(-1);
      if (last && i - (last[0] + last[1]) < 3 && i - last[0] < 255) last[1] = i + 1 - last[0];
      else runs.push([i, 1]);
    }
    this.u8(runs.length);
    for (const [start, length] of runs) {
      this.u8(start);
      this.u8(length);
      this.bytes(to.subarray(start, start + length));
    }
  }
  result(): Uint8Array { return this.buffer.subarray(0, this.at); }
}

class Input {
  private readonly data: Uint8Array;
  private readonly view: DataView;
  private at = 0;
  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }
  get isAtEnd(): boolean { return this.at >= this.data.length; }
  u8(): number { return this.data[this.at++]!; }
  u16(): number { return this.u8() | this.u8() << 8; }
  u32(): number { return (this.u16() | this.u16() << 16) >>> 0; }
  bytes(length: number): Uint8Array {
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }
  registers(into: BigUint64Array): void {
    const mask = this.u16();
    for (let r = 0; r < 16; r++) {
      if ((mask >> r & 1) === 0) continue;
      into[r] = this.view.getBigUint64(this.at, true);
      this.at += 8;
    }
  }
  memory(into: Uint8Array): void {
    for (let runs = this.u8(); runs > 0; runs--) {
      const start = this.u8();
      into.set(this.bytes(this.u8()), start);
    }
  }
}
