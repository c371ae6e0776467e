// The WebAssembly side of the processor: the function table, what stands in its slots, and the versions of functions that
// start in the middle. Modules are compiled synchronously; the engine tiers hot functions up by itself.

import { assert } from '../../base/assert.ts';
import type { TranslationUnit, WasmBackEnd, WasmBackEndFactory, WasmRuntime } from '../wasm-runtime.ts';
import { entryModule, stubModule } from './stubs.ts';
import { prepare, translateResumable, translateUnit } from './translate.ts';
import { IMPORT_MODULE } from './unit.ts';

/** Slots that one stub module serves: few at first, for the sake of short runs, then as many as there are. */
const FIRST_STUBS = 15, MOST_STUBS = 512;

interface Resumable {
  readonly source: TranslationUnit;
  /** By the address at which they start. */
  readonly versions: Map<number, () => void>;
}

export const createWasmBackEnd: WasmBackEndFactory = (runtime) => new BackEnd(runtime);

class BackEnd implements WasmBackEnd {
  readonly #runtime: WasmRuntime;
  readonly #table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  readonly #stubs = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  readonly #imports: WebAssembly.Imports;
  /** Made with the first slot: a run in which nothing is translated compiles no WebAssembly. */
  #invoke: ((slot: number) => void) | undefined;
  /** Slots of modules that a slot's function was translated in: they may call it directly. */
  readonly #groups = new Map<number, readonly (readonly number[])[]>();
  readonly #resumables = new Map<number, Resumable>();

  constructor(runtime: WasmRuntime) {
    this.#runtime = runtime;
    const { imports } = runtime;
    this.#imports = {
      [IMPORT_MODULE]: {
        memory: runtime.ram.memory, table: this.#table, stubs: this.#stubs,
        hostCall: (index: number) => imports.hostCall(index),
        enter: (slot: number) => imports.enter(slot),
        resolve: () => imports.resolve(),
        capture: (slot: number, site: number, rspIsEntry: number) => imports.capture(slot, site, rspIsEntry),
        fault: (slot: number, kind: number, pc: number) => imports.fault(slot, kind, pc),
        budget: (slot: number, pc: number) => imports.budget(slot, pc),
        intrinsic: (id: number, slot: number, pc: number) => imports.intrinsic(id, slot, pc),
      },
    };
  }

  reserve(slot: number): void {
    this.#invoke ??= this.#instantiate(entryModule(this.#runtime))['invoke'] as (slot: number) => void;
    while (this.#table.length <= slot) {
      const first = this.#table.length;
      const count = Math.min(Math.max(first, FIRST_STUBS), MOST_STUBS);
      this.#table.grow(count);
      this.#stubs.grow(count);
      this.#instantiate(stubModule(this.#runtime, first, count));
    }
  }

  translate(units: readonly TranslationUnit[]): readonly number[] {
    const translation = translateUnit(this.#runtime, units);
    if (!translation) return units.map(({ slot }) => slot);
    this.#instantiate(translation.unit.builder.encode());
    for (const slot of translation.slots) this.#groups.set(slot, [...this.#groups.get(slot) ?? [], translation.slots]);
    const done = new Set(translation.slots);
    return units.map(({ slot }) => slot).filter((slot) => !done.has(slot));
  }

  reset(slot: number): readonly number[] {
    this.#resumables.delete(slot);
    const affected = [...new Set([slot, ...(this.#groups.get(slot) ?? []).flat()])];
    for (const member of affected) this.#table.set(member, this.#stubs.get(member));
    this.#groups.delete(slot);
    return affected;
  }

  invoke(slot: number): void { this.#invoke!(slot); }

  translateResumable(unit: TranslationUnit): boolean {
    if (!prepare(unit)) return false;
    this.#resumables.set(unit.slot, { source: unit, versions: new Map() });
    return true;
  }

  resume(slot: number, pc: number): void {
    const resumable = this.#resumables.get(slot);
    assert(resumable, 'the function has a resumable version');
    let version = resumable.versions.get(pc);
    if (!version) {
      const unit = translateResumable(this.#runtime, resumable.source, pc);
      assert(unit, 'a resumable version starts at a block');
      version = this.#instantiate(unit.builder.encode())['resume'] as () => void;
      resumable.versions.set(pc, version);
    }
    version();
  }

  #instantiate(bytes: Uint8Array<ArrayBuffer>): Record<string, WebAssembly.ExportValue> {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), this.#imports).exports;
  }
}
