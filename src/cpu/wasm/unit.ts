// One wasm module in the making: imports that every module has, the function types, and the functions that are translated
// together and call each other directly.

import { RAX, RCX, RDI, RDX, RSI, RSP } from '../../ir/ir.ts';
import { Code } from '../../wasm/code.ts';
import { ModuleBuilder } from '../../wasm/module-builder.ts';
import { I32, I64, OP, type ValueType } from '../../wasm/opcodes.ts';
import { ACCESS_REACH, BLOCK, READ_ONLY_SHARE } from '../layout.ts';
import type { Callee, WasmRuntime } from '../wasm-runtime.ts';

/**
 * What a function in the table takes as parameters: these registers, then the work budget (i32). As many as engines pass in machine
 * registers; the other argument registers stand in the register block. It returns rax and the budget.
 */
export const TABLE_PARAMETERS: readonly number[] = [RDI, RSI, RDX, RSP];
export const BLOCK_ARGUMENTS: readonly number[] = [RCX, 8, 9];
/** Per-CPU areas are smaller than this; constant offsets below it need no check. */
const PER_CPU_REACH = 0x10_0000;

/** A function of this unit, as its callers see it. */
export interface Member {
  readonly slot: number;
  readonly functionIndex: number;
  /** Registers that it takes as parameters, in order. */
  readonly parameters: readonly number[];
  /** Registers that it takes from the block, should they hold anything. */
  readonly passesOn: number;
  /** It, or what it calls, changes rdx. */
  readonly mayChangeRdx: boolean;
}

export interface ImportIndices {
  readonly hostCall: number;
  readonly enter: number;
  readonly resolve: number;
  readonly capture: number;
  readonly fault: number;
  readonly budget: number;
  readonly intrinsic: number;
}
export const IMPORT_MODULE = 'cpu';

export class Unit {
  readonly builder = new ModuleBuilder();
  readonly runtime: WasmRuntime;
  readonly imports: ImportIndices;
  readonly tableType: number;
  readonly perCpuReach = PER_CPU_REACH;
  readonly #hostCallers: number[] = [];
  readonly #members = new Map<number, Member>();
  readonly #loadLimit: number;
  readonly #storeLimit: number;

  constructor(runtime: WasmRuntime) {
    this.runtime = runtime;
    const { builder } = this;
    builder.importMemory(IMPORT_MODULE, 'memory');
    builder.importTable(IMPORT_MODULE, 'table');
    const take = (name: keyof ImportIndices, nrParams: number, results: readonly ValueType[] = []): number =>
      builder.importFunction(IMPORT_MODULE, name, builder.type(new Array<ValueType>(nrParams).fill(I32), results));
    this.imports = {
      hostCall: take('hostCall', 1), enter: take('enter', 1), resolve: take('resolve', 0, [I32]), capture: take('capture', 3),
      fault: take('fault', 3), budget: take('budget', 2), intrinsic: take('intrinsic', 3),
    };
    this.tableType = this.typeFor(TABLE_PARAMETERS);
    const { sizeBytes } = runtime.ram;
    this.#loadLimit = sizeBytes - ACCESS_REACH - 16;
    this.#storeLimit = sizeBytes * (1 - READ_ONLY_SHARE) - ACCESS_REACH - 16;
  }

  get blockOffset(): number { return this.runtime.blockOffset; }
  /** Highest RAM offset of a base that passes the check. */
  limit(isStore: boolean): number { return isStore ? this.#storeLimit : this.#loadLimit; }

  /** Type of a function with these registers as parameters: the budget comes last, and again as second result. */
  typeFor(parameters: readonly number[]): number { return this.builder.type([...parameters.map((): ValueType => I64), I32], [I64, I32]); }

  /**
   * A function of this module that calls a host function: takes the first `nrArguments` of rdi, rsi, rdx, then rsp, the budget and the
   * number of the host function; returns rax and the budget. A call site is then a fifth of what it is with all the stores.
   */
  hostCaller(nrArguments: number): number {
    const known = this.#hostCallers[nrArguments];
    if (known !== undefined) return known;
    const registers = [...TABLE_PARAMETERS.slice(0, nrArguments), RSP];
    const { builder } = this;
    const index = builder.declare(builder.type([...registers.map((): ValueType => I64), I32, I32], [I64, I32]));
    const code = new Code(registers.length + 2, 96);
    registers.forEach((register, parameter) => {
      code.i32(0);
      code.get(parameter);
      code.memory(OP['i64.store'], this.blockOffset + BLOCK.regs + register * 8);
    });
    code.i32(0);
    code.get(registers.length);
    code.memory(OP['i32.store'], this.blockOffset + BLOCK.budget);
    code.get(registers.length + 1);
    code.call(this.imports.hostCall);
    code.i32(0);
    code.memory(OP['i64.load'], this.blockOffset + BLOCK.regs + RAX * 8);
    code.i32(0);
    code.memory(OP['i32.load'], this.blockOffset + BLOCK.budget);
    builder.define(index, code);
    this.#hostCallers[nrArguments] = index;
    return index;
  }

  add(entry: number, member: Member): void { this.#members.set(entry, member); }
  /** The function at `entry` when it belongs to this unit. */
  member(entry: number): Member | undefined { return this.#members.get(entry); }
  callee(address: number): Callee { return this.runtime.callee(address); }
}

/** A kernel address as the i32 that crosses to the runtime. */
export const address32 = (address: number): number => address | 0;
