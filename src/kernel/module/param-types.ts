// The standard parameter types: how `param_set_int` and the others store a value and how sysfs shows it (spec 5.4). A setter
// returns 0 or a negative errno; `undefined` is a parameter without value. Linux: kernel/params.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { GFP_KERNEL, type Allocator, type Log } from '../services.ts';
import { KERN_ERR } from './load-report.ts';
import { parseBool, parseInteger } from '../number-text.ts';

/** What a setter needs of a `struct kernel_param`. */
export interface ParamTarget { readonly name: string; readonly arg: Ptr }

export interface ParamType {
  readonly set: (value: string | undefined, target: ParamTarget) => number;
  /** With its final newline. */
  readonly get: (target: ParamTarget) => string;
  /** Releases what a value owns. */
  readonly free?: (arg: Ptr) => void;
  /** KERNEL_PARAM_OPS_FL_NOARG: the name alone is enough. */
  readonly isValueOptional: boolean;
}

const EINVAL = -22;
const ENOSPC = -28;
const ENOMEM = -12;
const EROFS = -30;
const CHARP_MAX = 1024;

export interface ParamTypeContext {
  readonly ram: Ram;
  readonly allocator: Allocator;
  readonly log: Log;
}

type Width = 8 | 16 | 32 | 64;

export class ParamTypes {
  readonly #ram: Ram;
  readonly #allocator: Allocator;
  readonly #log: Log;
  /** Strings that `charp` parameters own, with the place of the pointer each was stored in. */
  readonly #strings = new Map<Ptr, Ptr>();
  /** By the middle of the kernel's names: `int` for param_set_int, param_get_int, param_ops_int. */
  readonly byName: Readonly<Record<string, ParamType>>;

  constructor(context: ParamTypeContext) {
    this.#ram = context.ram;
    this.#allocator = context.allocator;
    this.#log = context.log;
    const bool = this.#bool();
    const int = this.#integer(32, true);
    this.byName = {
      byte: this.#integer(8, false), short: this.#integer(16, true), ushort: this.#integer(16, false), int, uint: this.#integer(32, false),
      long: this.#integer(64, true), ulong: this.#integer(64, false), ullong: this.#integer(64, false), hexint: this.#hexint(),
      charp: this.#charp(), bool, bool_enable_only: this.#boolEnableOnly(bool), invbool: this.#invbool(), bint: this.#bint(int), string: this.#string(),
    };
  }

  /** `param_set_uint_minmax`: stores only values within the limits. */
  setUintMinMax(value: string | undefined, target: ParamTarget, min: number, max: number): number {
    if (value === undefined) return EINVAL;
    const number = parseInteger(value, 32, false);
    if (typeof number === 'number') return number;
    if (number < BigInt(min) || number > BigInt(max)) return EINVAL;
    this.#write(target.arg, 32, number);
    return 0;
  }
  /** Frees the string that a `charp` at `arg` points to, if a setter made it. */
  freeCharp(arg: Ptr): void { this.#release(this.#ram.readPtr(arg)); }

  /**
   * The memory that pointers lay in goes away. Differs from Linux: a string whose pointer the module has overwritten is freed too,
   * where Linux leaks it.
   */
  freeStringsOf(isGone: (arg: Ptr) => boolean): void {
    for (const [address, arg] of this.#strings) if (isGone(arg)) this.#release(address);
  }

  #release(address: Ptr): void {
    if (this.#strings.delete(address)) this.#allocator.kfree(address);
  }
  #write(arg: Ptr, width: Width, value: bigint): void {
    switch (width) {
      case 8: this.#ram.writeU8(arg, Number(value & 0xffn)); break;
      case 16: this.#ram.writeU16(arg, Number(value & 0xffffn)); break;
      case 32: this.#ram.writeU32(arg, Number(BigInt.asIntN(32, value))); break;
      case 64: this.#ram.writeU64(arg, value); break;
    }
  }
  #read(arg: Ptr, width: Width, isSigned: boolean): number | bigint {
    switch (width) {
      case 8: return this.#ram.readU8(arg);
      case 16: return isSigned ? this.#ram.readI16(arg) : this.#ram.readU16(arg);
      case 32: return isSigned ? this.#ram.readI32(arg) : this.#ram.readU32(arg);
      case 64: return isSigned ? this.#ram.readI64(arg) : this.#ram.readU64(arg);
    }
  }

  #integer(width: Width, isSigned: boolean): ParamType {
    return {
      isValueOptional: false,
      set: (value, { arg }) => {
        if (value === undefined) return EINVAL;
        const number = parseInteger(value, width, isSigned);
        if (typeof number === 'number') return number;
        this.#write(arg, width, number);
        return 0;
      },
      get: ({ arg }) => `${this.#read(arg, width, isSigned)}\n`,
    };
  }
  /** `%#08x`: at least eight characters with the prefix. */
  #hexint(): ParamType {
    return { ...this.#integer(32, false), get: ({ arg }) => `0x${this.#ram.readU32(arg).toString(16).padStart(6, '0')}\n` };
  }
  #charp(): ParamType {
    return {
      isValueOptional: false,
      set: (value, { name, arg }) => {
        if (value === undefined) return EINVAL;
        if (value.length > CHARP_MAX) {
          this.#log.printk(KERN_ERR, `${name}: string parameter too long`);
          return ENOSPC;
        }
        this.#release(this.#ram.readPtr(arg));
        const copy = this.#allocator.kmalloc(value.length + 1, GFP_KERNEL);
        if (copy === 0) return ENOMEM;
        this.#strings.set(copy, arg);
        this.#ram.writeCString(copy, value);
        this.#ram.writePtr(arg, copy);
        return 0;
      },
      get: ({ arg }) => {
        const text = this.#ram.readPtr(arg);
        return `${text === 0 ? '(null)' : this.#ram.cstring(text, 4096)}\n`;
      },
      free: (arg) => this.freeCharp(arg),
    };
  }
  #bool(): ParamType {
    return {
      isValueOptional: true,
      set: (value, { arg }) => {
        const flag = parseBool(value ?? '1');
        if (flag === undefined) return EINVAL;
        this.#ram.writeU8(arg, flag ? 1 : 0);
        return 0;
      },
      get: ({ arg }) => (this.#ram.readU8(arg) !== 0 ? 'Y\n' : 'N\n'),
    };
  }
  #boolEnableOnly(bool: ParamType): ParamType {
    return {
      ...bool,
      set: (value, target) => {
        const flag = parseBool(value ?? '1');
        if (flag === undefined) return EINVAL;
        return !flag && this.#ram.readU8(target.arg) !== 0 ? EROFS : bool.set(value, target);
      },
    };
  }
  #invbool(): ParamType {
    return {
      isValueOptional: false,
      set: (value, { arg }) => {
        const flag = parseBool(value ?? '1');
        if (flag === undefined) return EINVAL;
        this.#ram.writeU8(arg, flag ? 0 : 1);
        return 0;
      },
      get: ({ arg }) => (this.#ram.readU8(arg) !== 0 ? 'N\n' : 'Y\n'),
    };
  }
  #bint(int: ParamType): ParamType {
    return {
      isValueOptional: true,
      set: (value, { arg }) => {
        const flag = parseBool(value ?? '1');
        if (flag === undefined) return EINVAL;
        this.#ram.writeU32(arg, flag ? 1 : 0);
        return 0;
      },
      get: int.get,
    };
  }
  /** `arg` is a `struct kparam_string`: u32 size of the buffer, pointer to it at 8. */
  #string(): ParamType {
    return {
      isValueOptional: false,
      set: (value, { name, arg }) => {
        if (value === undefined) return EINVAL;
        const size = this.#ram.readU32(arg);
        if (value.length >= size) {
          this.#log.printk(KERN_ERR, `${name}: string doesn't fit in ${(size - 1) >>> 0} chars.`);
          return ENOSPC;
        }
        this.#ram.writeCString(this.#ram.readPtr(arg + 8), value);
        return 0;
      },
      get: ({ arg }) => `${this.#ram.cstring(this.#ram.readPtr(arg + 8), this.#ram.readU32(arg))}\n`,
    };
  }
}
