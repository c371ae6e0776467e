// Runs intrinsic statements (src/x86/intrinsics.ts) on a machine's registers and memory.

import { highHalf } from '../ir/interpreter/expressions.ts';
import type { Machine } from '../ir/interpreter/machine.ts';
import { type IntrinsicEnv, intrinsicOf } from '../x86/intrinsics.ts';
import type { CpuModel } from '../x86/cpu-model.ts';
import { VECTOR } from './api.ts';
import { BLOCK } from './layout.ts';
import type { RegisterBlock } from './registers.ts';

type Size = 1 | 2 | 4 | 8;

export class IntrinsicMachine implements IntrinsicEnv {
  readonly cpu: CpuModel;
  readonly vectors: DataView;
  readonly #machine: Machine;
  readonly #regs: RegisterBlock;

  constructor(cpu: CpuModel, machine: Machine, regs: RegisterBlock) {
    this.cpu = cpu;
    this.#machine = machine;
    this.#regs = regs;
    this.vectors = new DataView(regs.big.buffer, regs.big.byteOffset + BLOCK.vectors - BLOCK.regs, 32 * 64);
  }

  run(name: string, args: readonly (number | bigint)[], addr: number): void {
    const intrinsic = intrinsicOf(name);
    if (!intrinsic) this.#machine.raise(VECTOR.UD, `untranslated: ${name}`);
    intrinsic(this, args, addr);
  }

  get(reg: number): bigint { return this.#regs.big[reg]!; }
  set(reg: number, value: bigint): void { this.#regs.big[reg] = value; }
  get conditionFlags(): number { return this.#regs.conditionFlags; }
  set conditionFlags(image: number) { this.#regs.conditionFlags = image; }
  get gsBase(): bigint { return this.#regs.basesBig[0]!; }
  set gsBase(value: bigint) { this.#regs.basesBig[0] = value; }
  get fsBase(): bigint { return this.#regs.basesBig[1]!; }
  set fsBase(value: bigint) { this.#regs.basesBig[1] = value; }

  load(addr: number, size: Size): bigint {
    const m = this.#machine;
    m.hi = highHalf(addr);
    const offset = m.loadable(addr | 0, size);
    const low = offset < 0 ? m.loadOutside(addr | 0, size) : readLow(m.view, offset, size);
    if (size < 8) return BigInt(low >>> 0);
    const high = offset < 0 ? m.hi : m.view.getInt32(offset + 4, true);
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }
  store(addr: number, size: Size, value: bigint): void {
    const m = this.#machine;
    m.hi = highHalf(addr);
    const offset = m.storable(addr | 0, size);
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    if (offset < 0) m.storeOutside(addr | 0, m.hi, size, low, high);
    else writeHalves(m.view, offset, size, low, high);
  }
  raise(vector: number, errorCode: number): never {
    this.#machine.fault.vector = vector;
    this.#machine.fault.errorCode = errorCode;
    this.#machine.fault.address = 0;
    this.#machine.fault.detail = '';
    throw this.#machine.fault;
  }
}

function writeHalves(view: DataView, offset: number, size: Size, low: number, high: number): void {
  if (size === 1) view.setInt8(offset, low);
  else if (size === 2) view.setInt16(offset, low, true);
  else view.setInt32(offset, low, true);
  if (size === 8) view.setInt32(offset + 4, high, true);
}
const readLow = (view: DataView, offset: number, size: Size): number =>
  size === 1 ? view.getUint8(offset) : size === 2 ? view.getUint16(offset, true) : view.getInt32(offset, true);
