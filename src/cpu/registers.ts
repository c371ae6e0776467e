// The register block of one CPU, as host functions and the runtime see it. It lives in RAM, where translated code reaches it too.

import type { Ram } from '../base/ram.ts';
import { RFLAGS_BIT } from '../ir/flags.ts';
import { PREDICATES, RBP, RBX } from '../ir/ir.ts';
import { BLOCK } from './layout.ts';
import type { Registers } from './api.ts';

const TWO_32 = 4294967296;
export const CALLEE_SAVED_REGISTERS = [RBX, RBP, 12, 13, 14, 15] as const;

/** A register of a saved set of halves, as a signed number. */
export const registerOf = (halves: Int32Array, reg: number): number => halves[2 * reg + 1]! * TWO_32 + (halves[2 * reg]! >>> 0);

export class RegisterBlock implements Registers {
  /** Low and high halves of the sixteen registers. */
  readonly halves: Int32Array<ArrayBuffer>;
  readonly big: BigInt64Array<ArrayBuffer>;
  readonly preds: Uint8Array<ArrayBuffer>;
  /** gs base, fs base. */
  readonly bases: Int32Array<ArrayBuffer>;
  readonly basesBig: BigInt64Array<ArrayBuffer>;
  readonly budget: Int32Array<ArrayBuffer>;
  readonly #target: Int32Array<ArrayBuffer>;
  readonly #stackLimit: BigInt64Array<ArrayBuffer>;

  constructor(ram: Ram, offset: number) {
    const { buffer } = ram.memory;
    this.halves = new Int32Array(buffer, offset + BLOCK.regs, 32);
    this.big = new BigInt64Array(buffer, offset + BLOCK.regs, 16);
    this.preds = new Uint8Array(buffer, offset + BLOCK.preds, PREDICATES.length);
    this.bases = new Int32Array(buffer, offset + BLOCK.gsBase, 4);
    this.basesBig = new BigInt64Array(buffer, offset + BLOCK.gsBase, 2);
    this.budget = new Int32Array(buffer, offset + BLOCK.budget, 1);
    this.#target = new Int32Array(buffer, offset + BLOCK.target, 2);
    this.#stackLimit = new BigInt64Array(buffer, offset + BLOCK.stackLimit, 1);
  }

  get(reg: number): number { return registerOf(this.halves, reg); }
  getBig(reg: number): bigint { return this.big[reg]!; }
  set(reg: number, value: number | bigint): void {
    if (typeof value === 'bigint') this.big[reg] = value;
    else {
      this.halves[2 * reg] = value | 0;
      this.halves[2 * reg + 1] = Math.floor(value / TWO_32) | 0;
    }
  }

  /** BLOCK.target, as a signed number. */
  get target(): number { return this.#target[1]! * TWO_32 + (this.#target[0]! >>> 0); }
  set stackLimit(address: number) { this.#stackLimit[0] = BigInt(address); }

  saveCalleeSaved(into: Int32Array): void {
    const { halves } = this;
    for (let i = 0; i < 6; i++) {
      const from = 2 * CALLEE_SAVED_REGISTERS[i]!;
      into[2 * i] = halves[from]!;
      into[2 * i + 1] = halves[from + 1]!;
    }
  }
  restoreCalleeSaved(from: Int32Array): void {
    const { halves } = this;
    for (let i = 0; i < 6; i++) {
      const to = 2 * CALLEE_SAVED_REGISTERS[i]!;
      halves[to] = from[2 * i]!;
      halves[to + 1] = from[2 * i + 1]!;
    }
  }

  /** The six condition flags of RFLAGS. */
  get conditionFlags(): number {
    let image = 0;
    PREDICATES.forEach((pred, index) => {
      const bit = RFLAGS_BIT[pred];
      if (bit !== undefined && this.preds[index]) image |= 1 << bit;
    });
    return image;
  }
  set conditionFlags(image: number) {
    const flag = (name: 'o' | 'b' | 'z' | 's' | 'p' | 'a'): number => (image >> RFLAGS_BIT[name]!) & 1;
    const o = flag('o'), b = flag('b'), z = flag('z'), s = flag('s');
    [o, b, z, s, flag('p'), flag('a'), b | z, s ^ o, z | (s ^ o)].forEach((value, index) => void (this.preds[index] = value));
  }
}
