// Variable arguments as a callee finds them (System V x86-64 ABI, 3.5.7): those of a `...` call, still in registers and on the
// stack of the caller, and those behind a `va_list` that guest code has already started.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Registers } from '../../cpu/api.ts';
import { RCX, RDI, RDX, RSI, RSP } from '../../ir/ir.ts';
import type { VaList } from './define.ts';

/** Registers of the integer arguments, in order. */
export const ARGUMENT_REGISTERS: readonly number[] = [RDI, RSI, RDX, RCX, 8, 9];

/** The arguments after the `named` fixed ones of the call in hand. Valid until the callee sleeps. */
export class CallArguments implements VaList {
  readonly #regs: Registers;
  readonly #ram: Ram;
  readonly #rsp: number;
  #index: number;

  constructor(regs: Registers, ram: Ram, named: number) {
    this.#regs = regs;
    this.#ram = ram;
    this.#rsp = regs.get(RSP);
    this.#index = named;
  }
  next(): bigint {
    const index = this.#index++;
    const register = ARGUMENT_REGISTERS[index];
    if (register !== undefined) return BigInt.asUintN(64, this.#regs.getBig(register));
    return this.#ram.readU64(stackArgument(this.#rsp, index));
  }
}

/** Address of integer argument `index` (six or more) when the return address lies at `rsp`. */
export const stackArgument = (rsp: number, index: number): Ptr => rsp + 8 + (index - ARGUMENT_REGISTERS.length) * 8;

const GP_REGISTERS_END = 48;

/** `va_list`: gp_offset and fp_offset (u32), overflow_arg_area, reg_save_area. Reading moves the guest's list on, as in C. */
export class GuestVaList implements VaList {
  readonly #ram: Ram;
  readonly #list: Ptr<'__va_list_tag'>;

  constructor(ram: Ram, list: Ptr<'__va_list_tag'>) {
    this.#ram = ram;
    this.#list = list;
  }
  next(): bigint {
    const ram = this.#ram;
    const gpOffset = ram.readU32(this.#list);
    if (gpOffset < GP_REGISTERS_END) {
      ram.writeU32(this.#list, gpOffset + 8);
      return ram.readU64(ram.readPtr(this.#list + 16) + gpOffset);
    }
    const overflow = ram.readPtr(this.#list + 8);
    ram.writePtr(this.#list + 8, overflow + 8);
    return ram.readU64(overflow);
  }
}

/** A list that leaves the guest's own untouched: `va_copy`, as `%pV` needs it. */
export class CopiedVaList implements VaList {
  readonly #ram: Ram;
  readonly #saved: Ptr;
  #gpOffset: number;
  #overflow: Ptr;

  constructor(ram: Ram, list: Ptr<'__va_list_tag'>) {
    this.#ram = ram;
    this.#gpOffset = ram.readU32(list);
    this.#overflow = ram.readPtr(list + 8);
    this.#saved = ram.readPtr(list + 16);
  }
  next(): bigint {
    if (this.#gpOffset < GP_REGISTERS_END) {
      const value = this.#ram.readU64(this.#saved + this.#gpOffset);
      this.#gpOffset += 8;
      return value;
    }
    const value = this.#ram.readU64(this.#overflow);
    this.#overflow += 8;
    return value;
  }
}

/** Arguments that TypeScript code passes to a formatting function. */
export class ListedArguments implements VaList {
  readonly #values: readonly bigint[];
  #index = 0;
  constructor(values: readonly (bigint | number)[]) { this.#values = values.map((value) => BigInt.asUintN(64, BigInt(value))); }
  next(): bigint { return this.#values[this.#index++] ?? 0n; }
}
