// What interpreted code works on: registers and predicates in RAM, temporaries, memory. A 64-bit value is two i32 halves: an
// evaluator returns the low one and leaves the high one in `hi`, which is exact and allocates nothing.

import { KERNEL_BASE, PAGE_SIZE } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';

/** Thrown by whatever faults; one object per machine, since faults are ordinary events. */
export class GuestFault {
  vector = 0;
  errorCode = 0;
  /** Faulting address of a page fault. */
  address = 0;
  detail = '';
}

/** Memory beyond RAM: device windows, user pages. Values are unsigned; undefined and false mean that nothing answers there. */
export interface OutsideMemory {
  load(address: number, size: number): bigint | undefined;
  store(address: number, size: number, value: bigint): boolean;
}
const NOTHING_OUTSIDE: OutsideMemory = { load: () => undefined, store: () => false };

/** Runs an intrinsic statement on the machine; `addr` is the low half of its memory operand's address, the high one stands in `hi`. */
export type Intrinsic = (name: string, args: readonly (number | bigint)[], addrLow: number) => void;

/** Page-fault error code bits (SDM vol. 3, 4.7). */
export const PF_PRESENT = 1, PF_WRITE = 2, PF_FETCH = 16;
const PAGE_FAULT = 14, GENERAL_PROTECTION = 13;

export interface MachineOptions {
  readonly ram: Ram;
  /** Sixteen registers as low and high halves. */
  readonly regs: Int32Array;
  /** The nine predicates, 0 or 1, in the order of PREDICATES. */
  readonly preds: Uint8Array;
  /** gs base and fs base, low and high halves. */
  readonly bases: Int32Array;
  /** Element 0: work left. */
  readonly budget: Int32Array;
  /** RAM offset from which on guest stores fault. */
  readonly readOnlyFrom: number;
}

const RSP_LOW = 8, RSP_HIGH = 9;
const MAX_TMPS = 256;
const TWO_32 = 4294967296;

export class Machine {
  readonly regs: Int32Array;
  readonly preds: Uint8Array;
  readonly bases: Int32Array;
  readonly budget: Int32Array;
  readonly tmps = new Int32Array(2 * MAX_TMPS);
  readonly u8: Uint8Array;
  readonly view: DataView;
  readonly fault = new GuestFault();
  /** High half of the i64 that was evaluated last. */
  hi = 0;
  /** First RAM offset that loads and stores may not reach. */
  readonly loadEnd: number;
  readonly storeEnd: number;
  outside: OutsideMemory = NOTHING_OUTSIDE;
  intrinsic: Intrinsic = (name) => this.raise(6, `untranslated: ${name}`);

  constructor(options: MachineOptions) {
    this.regs = options.regs;
    this.preds = options.preds;
    this.bases = options.bases;
    this.budget = options.budget;
    this.u8 = options.ram.u8;
    this.view = options.ram.view;
    this.loadEnd = options.ram.sizeBytes;
    this.storeEnd = options.readOnlyFrom;
  }

  raise(vector: number, detail = ''): never {
    this.fault.vector = vector;
    this.fault.errorCode = 0;
    this.fault.address = 0;
    this.fault.detail = detail;
    throw this.fault;
  }

  /** RAM offset of a loadable range whose address is (lo, this.hi), or -1. */
  loadable(lo: number, size: number): number {
    const offset = lo & 0x7fffffff;
    return this.hi === -1 && lo < 0 && offset >= PAGE_SIZE && offset + size <= this.loadEnd ? offset : -1;
  }
  storable(lo: number, size: number): number {
    const offset = lo & 0x7fffffff;
    return this.hi === -1 && lo < 0 && offset >= PAGE_SIZE && offset + size <= this.storeEnd ? offset : -1;
  }

  /** A load that `loadable` refuses: device memory, user memory, or a fault. Zero-extended; the high half is left in `hi`. */
  loadOutside(lo: number, size: number): number {
    const hi = this.hi;
    const value = isCanonical(hi) ? this.outside.load(hi * TWO_32 + (lo >>> 0), size) : undefined;
    if (value === undefined) this.memoryFault(lo, hi, size, false);
    this.hi = Number(value >> 32n) | 0;
    return Number(value & 0xffffffffn) | 0;
  }
  storeOutside(lo: number, hi: number, size: number, valueLow: number, valueHigh: number): void {
    const value = (BigInt(valueHigh >>> 0) << 32n) | BigInt(valueLow >>> 0);
    if (isCanonical(hi) && this.outside.store(hi * TWO_32 + (lo >>> 0), size, BigInt.asUintN(size * 8, value))) return;
    this.memoryFault(lo, hi, size, true);
  }

  private memoryFault(lo: number, hi: number, size: number, isWrite: boolean): never {
    if (!isCanonical(hi)) this.raise(GENERAL_PROTECTION);
    const address = hi * TWO_32 + (lo >>> 0);
    this.pageFault(address, size, isWrite);
  }
  /** Page fault of an access of `size` bytes at `address`, with the address of the first byte that faults. */
  pageFault(address: number, size: number, isWrite: boolean): never {
    const first = address - KERNEL_BASE;
    const end = isWrite ? this.storeEnd : this.loadEnd;
    const offset = first >= PAGE_SIZE && first < end && first + size > end ? end : first;
    const isPresent = offset >= PAGE_SIZE && offset < this.loadEnd;
    this.fault.vector = PAGE_FAULT;
    this.fault.errorCode = (isWrite ? PF_WRITE : 0) | (isPresent ? PF_PRESENT : 0);
    this.fault.address = offset + KERNEL_BASE;
    this.fault.detail = '';
    throw this.fault;
  }

  /** Pushes a 64-bit word on the guest stack; faults before anything changes. */
  push(lo: number, hi: number): void {
    const regs = this.regs;
    const sp = regs[RSP_LOW]!;
    const low = (sp - 8) | 0;
    this.hi = (regs[RSP_HIGH]! - ((sp >>> 0) < 8 ? 1 : 0)) | 0;
    const offset = this.storable(low, 8);
    if (offset < 0) this.storeOutside(low, this.hi, 8, lo, hi);
    else {
      this.view.setInt32(offset, lo, true);
      this.view.setInt32(offset + 4, hi, true);
    }
    this.addToRsp(-8);
  }
  /** Loads the word at rsp, low half returned, high half in `hi`; rsp stays. */
  top(): number {
    const low = this.regs[RSP_LOW]!;
    this.hi = this.regs[RSP_HIGH]!;
    const offset = this.loadable(low, 8);
    if (offset < 0) return this.loadOutside(low, 8);
    this.hi = this.view.getInt32(offset + 4, true);
    return this.view.getInt32(offset, true);
  }
  addToRsp(bytes: number): void {
    const regs = this.regs;
    const sum = (regs[RSP_LOW]! >>> 0) + bytes;
    regs[RSP_LOW] = sum | 0;
    regs[RSP_HIGH] = (regs[RSP_HIGH]! + Math.floor(sum / TWO_32)) | 0;
  }
  isRam(address: number): boolean {
    const offset = address - KERNEL_BASE;
    return offset >= PAGE_SIZE && offset < this.loadEnd;
  }
  /** A register as a signed number. */
  register(number: number): number {
    return this.regs[2 * number + 1]! * TWO_32 + (this.regs[2 * number]! >>> 0);
  }
  setRegister(number: number, value: number): void {
    this.regs[2 * number] = value | 0;
    this.regs[2 * number + 1] = Math.floor(value / TWO_32) | 0;
  }
}

/** Bits 63..47 of an address with this high half are equal. */
export const isCanonical = (hi: number): boolean => {
  const top = hi >> 15;
  return top === 0 || top === -1;
};
