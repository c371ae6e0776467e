// The body of one function while it is written: locals, instructions, and labels that are named by the block they belong to
// instead of by relative depth.

import { ByteWriter } from './byte-writer.ts';
import { EMPTY, OP, OP_FC, PREFIX_FC, type ValueType } from './opcodes.ts';

/** An open block, loop, if or try: its nesting level, outermost 1. Level 0 is the function itself. */
export type Label = number;

export class Code extends ByteWriter {
  readonly nrParams: number;
  /** Types of the declared locals, after the parameters. */
  readonly localTypes: ValueType[] = [];
  /** Number of open blocks. */
  level = 0;
  #lastSet = -1; // position of a `local.set` that is the latest instruction, or -1
  #lastSetLocal = -1;

  constructor(nrParams: number, capacity = 1024) {
    super(capacity);
    this.nrParams = nrParams;
  }

  local(type: ValueType): number {
    this.localTypes.push(type);
    return this.nrParams + this.localTypes.length - 1;
  }

  op(code: number): void { this.u8(code); }
  get(local: number): void {
    // `local.set x; local.get x` is `local.tee x`.
    if (this.#lastSetLocal === local && this.#lastSet >= 0 && this.#lastSet + 1 + lebLength(local) === this.length) {
      this.bytes[this.#lastSet] = OP['local.tee'];
      this.#lastSet = -1;
      return;
    }
    this.u8(OP['local.get']);
    this.u32(local);
  }
  set(local: number): void {
    this.#lastSet = this.length;
    this.#lastSetLocal = local;
    this.u8(OP['local.set']);
    this.u32(local);
  }
  tee(local: number): void {
    this.u8(OP['local.tee']);
    this.u32(local);
  }
  i32(value: number): void {
    this.u8(OP['i32.const']);
    this.s32(value);
  }
  i64(value: number | bigint): void {
    this.u8(OP['i64.const']);
    this.s64(value);
  }
  /** A load or store; alignment is left at one byte, which costs nothing on any engine. */
  memory(code: number, offset: number): void {
    this.u8(code);
    this.u8(0);
    this.u32(offset);
  }
  memoryCopy(): void {
    this.u8(PREFIX_FC);
    this.u8(OP_FC['memory.copy']);
    this.u8(0);
    this.u8(0);
  }
  memoryFill(): void {
    this.u8(PREFIX_FC);
    this.u8(OP_FC['memory.fill']);
    this.u8(0);
  }
  call(functionIndex: number): void {
    this.u8(OP.call);
    this.u32(functionIndex);
  }
  callIndirect(typeIndex: number, tableIndex = 0): void {
    this.u8(OP.call_indirect);
    this.u32(typeIndex);
    this.u32(tableIndex);
  }

  block(type: number = EMPTY): Label { return this.#open(OP.block, type); }
  loop(type: number = EMPTY): Label { return this.#open(OP.loop, type); }
  if(type: number = EMPTY): Label { return this.#open(OP.if, type); }
  try(type: number = EMPTY): Label { return this.#open(OP.try, type); }
  else(): void { this.#boundary(OP.else); }
  catchAll(): void { this.#boundary(OP.catch_all); }
  end(): void {
    this.level--;
    this.#boundary(OP.end);
  }
  br(label: Label): void {
    this.u8(OP.br);
    this.u32(this.level - label);
  }
  brIf(label: Label): void {
    this.u8(OP.br_if);
    this.u32(this.level - label);
  }
  brTable(labels: readonly Label[], otherwise: Label): void {
    this.u8(OP.br_table);
    this.u32(labels.length);
    for (const label of labels) this.u32(this.level - label);
    this.u32(this.level - otherwise);
  }
  rethrow(tryLabel: Label): void {
    this.u8(OP.rethrow);
    this.u32(this.level - tryLabel);
  }

  /** The body as the code section holds it: size, locals in runs of one type, instructions, end. */
  writeTo(out: ByteWriter): void {
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.localTypes) {
      const last = runs[runs.length - 1];
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    const header = new ByteWriter(2 + runs.length * 6);
    header.u32(runs.length);
    for (const run of runs) {
      header.u32(run.count);
      header.u8(run.type);
    }
    out.u32(header.length + this.length + 1);
    out.append(header.view());
    out.append(this.view());
    out.u8(OP.end);
  }

  #open(code: number, type: number): Label {
    this.#lastSet = -1;
    this.u8(code);
    this.u8(type);
    return ++this.level;
  }
  #boundary(code: number): void {
    this.#lastSet = -1;
    this.u8(code);
  }
}

const lebLength = (value: number): number => (value < 0x80 ? 1 : value < 0x4000 ? 2 : 3);
