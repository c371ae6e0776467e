// Functions of one unit -> one WebAssembly module. Functions that others of the unit call take only the registers they read and
// get a second entry with the table's signature; all entries go to their table slots when the module is instantiated.

import { RSP, type IrFunction, type Stmt } from '../../ir/ir.ts';
import { predicateLiveness, type Liveness } from '../../ir/liveness.ts';
import { lowerBlock } from '../../ir/lower-flags.ts';
import { stackMap } from '../../ir/stack.ts';
import { Code } from '../../wasm/code.ts';
import { OP } from '../../wasm/opcodes.ts';
import { BLOCK } from '../layout.ts';
import type { TranslationUnit, WasmRuntime } from '../wasm-runtime.ts';
import { CheckedBases } from './checked-bases.ts';
import { controlFlow, type ControlFlow } from './control-flow.ts';
import { emitFunction } from './function.ts';
import { signaturesOf, type CalleeReads, type Signature } from './signatures.ts';
import { simplify } from './simplify.ts';
import { MAX_NODES } from './structure.ts';
import { BLOCK_ARGUMENTS, TABLE_PARAMETERS, Unit } from './unit.ts';
import { findWidths } from './widths.ts';

/** A function that can be translated, flags lowered. */
export interface Prepared {
  readonly slot: number;
  readonly fn: IrFunction;
  readonly flow: ControlFlow;
  /** Likely targets of indirect calls, by block. */
  readonly likely: ReadonlyMap<number, number>;
  readonly predicates: Liveness;
}
const NOTHING_LIKELY: ReadonlyMap<number, number> = new Map();

export interface Translation {
  readonly unit: Unit;
  /** Slots that the module fills. */
  readonly slots: readonly number[];
}

/** Parameters of a direct call, of which a function takes those it reads. */
const DIRECT_ORDER = [...TABLE_PARAMETERS, ...BLOCK_ARGUMENTS];

/** Statements that only the interpreter runs: a function that sets the direction flag changes what string instructions mean. */
const isUntranslatable = (stmt: Stmt): boolean => stmt.s === 'intrinsic' && stmt.name === 'std';

export function prepare({ slot, fn: source, likely = NOTHING_LIKELY }: TranslationUnit, root = source.entry): Prepared | undefined {
  if (source.blocks.size > MAX_NODES) return undefined;
  for (const block of source.blocks.values()) {
    for (const insn of block.insns) if (insn.stmts.some(isUntranslatable)) return undefined;
  }
  const predicates = predicateLiveness(source);
  const blocks = new Map([...source.blocks].map(([start, block]) => [start, lowerBlock(block, predicates)]));
  const fn = simplify({ ...source, blocks });
  const flow = controlFlow(fn, root);
  return flow && { slot, fn, flow, likely, predicates };
}

/** Is shown each function with the code made of it and the names of its locals. */
export type Observer = (fn: IrFunction, code: Code, names: ReadonlyMap<number, string>) => void;

/** One module with all functions that can be translated; undefined when there is none. */
export function translateUnit(runtime: WasmRuntime, sources: readonly TranslationUnit[], observer?: Observer): Translation | undefined {
  let functions = sources.map((source) => prepare(source)).filter((prepared) => prepared !== undefined);
  let signatures: ReadonlyMap<number, Signature>;
  for (;;) {
    signatures = signaturesOf(functions.map(({ fn }) => fn), outsideReads(runtime));
    const conventional = functions.filter(({ fn }) => !signatures.get(fn.entry)!.isStrict);
    if (conventional.length === functions.length) break;
    functions = conventional;
  }
  if (functions.length === 0) return undefined;
  const unit = new Unit(runtime);
  const called = directTargets(functions);
  const entries = new Map<number, number>();
  for (const { fn, slot } of functions) {
    const { reads, passesOn, changesRdx } = signatures.get(fn.entry)!;
    const mayChangeRdx = changesRdx || [...fn.blocks.values()].some(({ term }) => term.t === 'call' || term.t === 'tail');
    const parameters = called.has(fn.entry) ? DIRECT_ORDER.filter((register) => register === RSP || reads >> register & 1) : TABLE_PARAMETERS;
    unit.add(fn.entry, { slot, parameters, passesOn, mayChangeRdx, functionIndex: unit.builder.declare(unit.typeFor(parameters)) });
  }
  for (const prepared of functions) {
    const { entry } = prepared.fn;
    const { functionIndex, parameters } = unit.member(entry)!;
    unit.builder.define(functionIndex, emitOne(unit, prepared, signatures.get(entry)!, parameters, false, observer));
  }
  for (const { fn, slot } of functions) {
    const { functionIndex, parameters } = unit.member(fn.entry)!;
    entries.set(slot, parameters === TABLE_PARAMETERS ? functionIndex : tableEntry(unit, functionIndex, parameters));
  }
  for (const [slot, functionIndex] of entries) unit.builder.elements(0, slot, [functionIndex]);
  return { unit, slots: [...entries.keys()] };
}

/** The version of a function that starts at `root`, exported as 'resume'. */
export function translateResumable(runtime: WasmRuntime, source: TranslationUnit, root: number): Unit | undefined {
  const prepared = prepare(source, root);
  if (!prepared) return undefined;
  const signature = signaturesOf([prepared.fn], outsideReads(runtime)).get(source.fn.entry)!;
  const unit = new Unit(runtime);
  const index = unit.builder.declare(unit.builder.type([], []));
  unit.builder.define(index, emitOne(unit, prepared, signature, [], true));
  unit.builder.export('resume', index);
  return unit;
}

function emitOne(unit: Unit, { slot, fn, flow, likely, predicates }: Prepared, signature: Signature, parameters: readonly number[], isResumable: boolean, observer?: Observer): Code {
  const stack = stackMap(fn);
  const widths = findWidths(fn, signature.live);
  let names: ReadonlyMap<number, string> = new Map();
  const code = emitFunction({ unit, fn, slot, flow, likely, predicates, stack, widths, bases: new CheckedBases(flow.nodes, stack.isStatic), signature, parameters, isResumable }, observer && ((found) => { names = found; }));
  observer?.(fn, code, names);
  return code;
}

const outsideReads = (runtime: WasmRuntime): CalleeReads => (address) => {
  if (Number.isNaN(address)) return undefined;
  const callee = runtime.callee(address);
  return callee.kind === 'host' ? callee.reads : undefined;
};

function directTargets(functions: readonly Prepared[]): Set<number> {
  const targets = new Set<number>();
  for (const { fn, likely } of functions) {
    for (const { term } of fn.blocks.values()) {
      if ((term.t === 'call' || term.t === 'tail') && typeof term.target === 'number') targets.add(term.target);
    }
    for (const target of likely.values()) targets.add(target);
  }
  return targets;
}

/** Takes all parameters and passes on those that the function reads. */
function tableEntry(unit: Unit, functionIndex: number, parameters: readonly number[]): number {
  const index = unit.builder.declare(unit.tableType);
  const budget = TABLE_PARAMETERS.length;
  const code = new Code(budget + 1, 32);
  for (const register of parameters) {
    const index = TABLE_PARAMETERS.indexOf(register);
    if (index >= 0) code.get(index);
    else {
      code.i32(0);
      code.memory(OP['i64.load'], unit.blockOffset + BLOCK.regs + register * 8);
    }
  }
  code.get(budget);
  code.call(functionIndex);
  unit.builder.define(index, code);
  return index;
}
