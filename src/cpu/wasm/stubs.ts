// The functions around translated code: what a slot holds before it is translated, what slot 0 does for an indirect call whose
// target is not in the cache, and the way in from JavaScript.

import { RAX } from '../../ir/ir.ts';
import { Code } from '../../wasm/code.ts';
import { I32, I64, OP } from '../../wasm/opcodes.ts';
import { BLOCK } from '../layout.ts';
import type { WasmRuntime } from '../wasm-runtime.ts';
import { TABLE_PARAMETERS, Unit } from './unit.ts';

const budgetField = (unit: Unit): number => unit.blockOffset + BLOCK.budget;
const registerField = (unit: Unit, register: number): number => unit.blockOffset + BLOCK.regs + register * 8;

const BUDGET_PARAMETER = TABLE_PARAMETERS.length;
const NR_PARAMETERS = BUDGET_PARAMETER + 1;

/** What came as parameters goes to the block; the other arguments stand there. */
function storeArguments(unit: Unit, code: Code): void {
  TABLE_PARAMETERS.forEach((register, index) => {
    code.i32(0);
    code.get(index);
    code.memory(OP['i64.store'], registerField(unit, register));
  });
  code.i32(0);
  code.get(BUDGET_PARAMETER);
  code.memory(OP['i32.store'], budgetField(unit));
}
function loadBudget(unit: Unit, code: Code): void {
  code.i32(0);
  code.memory(OP['i32.load'], budgetField(unit));
}

/** Stubs for `count` slots from `first` on, in the table and in the table of stubs that `reset` takes them from. */
export function stubModule(runtime: WasmRuntime, first: number, count: number): Uint8Array<ArrayBuffer> {
  const unit = new Unit(runtime);
  unit.builder.importTable('cpu', 'stubs');
  const shared = unit.builder.declare(unit.builder.type([...unit.builder.types[unit.tableType]!.params, I32], [...unit.builder.types[unit.tableType]!.results]));
  const body = new Code(NR_PARAMETERS + 1, 128);
  storeArguments(unit, body);
  body.get(NR_PARAMETERS);
  body.call(unit.imports.enter);
  body.i32(0);
  body.memory(OP['i64.load'], registerField(unit, RAX));
  loadBudget(unit, body);
  unit.builder.define(shared, body);
  const functions: number[] = [];
  for (let slot = first; slot < first + count; slot++) {
    const stub = unit.builder.declare(unit.tableType);
    const code = new Code(NR_PARAMETERS, 24);
    for (let index = 0; index < NR_PARAMETERS; index++) code.get(index);
    code.i32(slot);
    code.call(shared);
    unit.builder.define(stub, code);
    functions.push(stub);
  }
  unit.builder.elements(0, first, functions);
  unit.builder.elements(1, first, functions);
  return unit.builder.encode();
}

/** Slot 0 and the exported `invoke(slot)`. */
export function entryModule(runtime: WasmRuntime): Uint8Array<ArrayBuffer> {
  const unit = new Unit(runtime);
  const { builder } = unit;
  const resolver = builder.declare(unit.tableType);
  const resolve = new Code(NR_PARAMETERS, 128);
  const slot = resolve.local(I32);
  storeArguments(unit, resolve);
  resolve.call(unit.imports.resolve);
  resolve.set(slot);
  for (let index = 0; index < TABLE_PARAMETERS.length; index++) resolve.get(index);
  loadBudget(unit, resolve);
  resolve.get(slot);
  resolve.callIndirect(unit.tableType);
  builder.define(resolver, resolve);
  builder.elements(0, 0, [resolver]);

  const invoke = builder.declare(builder.type([I32], []));
  const code = new Code(1, 128);
  const budget = code.local(I32), result = code.local(I64);
  for (const register of TABLE_PARAMETERS) {
    code.i32(0);
    code.memory(OP['i64.load'], registerField(unit, register));
  }
  loadBudget(unit, code);
  code.get(0);
  code.callIndirect(unit.tableType);
  code.set(budget);
  code.set(result);
  code.i32(0);
  code.get(result);
  code.memory(OP['i64.store'], registerField(unit, RAX));
  code.i32(0);
  code.get(budget);
  code.memory(OP['i32.store'], budgetField(unit));
  builder.define(invoke, code);
  builder.export('invoke', invoke);
  return builder.encode();
}
