// What a transfer of control can go to: a function of a module, a function of the kernel, a thunk of the compiler. One object
// each, made when it is first reached and cached at call sites until it is removed.

import type { FunctionCode } from '../ir/interpreter/code.ts';
import type { IrFunction } from '../ir/ir.ts';
import { stackMap, type StackMap } from '../ir/stack.ts';
import type { HostFunction, SpecialTarget } from './api.ts';

export const KIND = { guest: 0, host: 1, special: 2 } as const;
export type CallTarget = GuestFunction | HostTarget | ThunkTarget;

/** A function of the kernel, or an entry of it with a register convention of its own. */
export class HostTarget {
  readonly kind = KIND.host;
  readonly entry: number;
  readonly name: string;
  readonly fn: HostFunction;
  /** Number by which translated code calls it. */
  readonly index: number;
  readonly isNoReturn: boolean;
  slot = 0;
  isRemoved = false;

  constructor(entry: number, name: string, fn: HostFunction, index: number, isNoReturn: boolean) {
    this.entry = entry;
    this.name = name;
    this.fn = fn;
    this.index = index;
    this.isNoReturn = isNoReturn;
  }
}

/** A thunk, reached as an indirect target (direct ones the lifter resolves). */
export class ThunkTarget {
  readonly kind = KIND.special;
  readonly entry: number;
  readonly target: SpecialTarget;
  slot = 0;
  isRemoved = false;

  constructor(entry: number, target: SpecialTarget) {
    this.entry = entry;
    this.target = target;
  }
}

/** Code of a module entered at `entry`: a function of its symbol table, or the middle of one where control went there. */
export class GuestFunction {
  readonly kind = KIND.guest;
  readonly entry: number;
  /** Name of the symbol that covers the entry. */
  readonly name: string;
  readonly #lift: () => IrFunction;
  #fn: IrFunction | undefined;
  #stack: StackMap | undefined;
  /** Prepared for the interpreter. */
  code: FunctionCode | undefined;
  /** Slot in the table of translated code; 0 as long as nobody has asked. */
  slot = 0;
  translation: 'none' | 'done' | 'failed' = 'none';
  resumable: 'none' | 'done' | 'failed' = 'none';
  isRemoved = false;

  constructor(entry: number, name: string, lift: () => IrFunction) {
    this.entry = entry;
    this.name = name;
    this.#lift = lift;
  }

  get isLifted(): boolean { return this.#fn !== undefined; }
  get fn(): IrFunction {
    this.#fn ??= this.#lift();
    return this.#fn;
  }
  get stack(): StackMap {
    this.#stack ??= stackMap(this.fn);
    return this.#stack;
  }

  /** Forgets everything made from the bytes of the code. */
  forget(): void {
    if (this.code) this.code.isStale = true;
    this.code = undefined;
    this.#fn = undefined;
    this.#stack = undefined;
    this.translation = 'none';
    this.resumable = 'none';
  }
}
