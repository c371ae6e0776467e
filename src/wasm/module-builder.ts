// Builds a WebAssembly module in binary form. Imports first, then functions in the order they are declared: a function has
// its index before its body exists, so that bodies can call each other. Imported memory and the first table get index 0.

import { assert } from '../base/assert.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Code } from './code.ts';
import { OP, type ValueType } from './opcodes.ts';

const FUNC = 0, TABLE = 1, MEMORY = 2;
const FUNCREF = 0x70;

interface FunctionType { readonly params: readonly ValueType[]; readonly results: readonly ValueType[] }
interface Elements { readonly table: number; readonly offset: number; readonly functions: readonly number[] }
interface Import { readonly module: string; readonly name: string; readonly kind: number; readonly type: number }

export class ModuleBuilder {
  readonly types: FunctionType[] = [];
  readonly #typeByKey = new Map<string, number>();
  readonly #imports: Import[] = [];
  readonly #functions: { readonly type: number; code: Code | undefined }[] = [];
  readonly #exports: { readonly name: string; readonly functionIndex: number }[] = [];
  readonly #elements: Elements[] = [];
  #nrImportedFunctions = 0;

  type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}:${results.join()}`;
    let index = this.#typeByKey.get(key);
    if (index === undefined) {
      index = this.types.length;
      this.types.push({ params, results });
      this.#typeByKey.set(key, index);
    }
    return index;
  }

  importMemory(module: string, name: string): void { this.#imports.push({ module, name, kind: MEMORY, type: 0 }); }
  importTable(module: string, name: string): void { this.#imports.push({ module, name, kind: TABLE, type: 0 }); }
  importFunction(module: string, name: string, type: number): number {
    assert(this.#functions.length === 0, 'imports come before functions');
    this.#imports.push({ module, name, kind: FUNC, type });
    return this.#nrImportedFunctions++;
  }
  /** Declares a function; its body follows with `define`. */
  declare(type: number): number {
    this.#functions.push({ type, code: undefined });
    return this.#nrImportedFunctions + this.#functions.length - 1;
  }
  define(functionIndex: number, code: Code): void {
    assert(code.level === 0, 'every block is closed');
    this.#functions[functionIndex - this.#nrImportedFunctions]!.code = code;
  }
  export(name: string, functionIndex: number): void { this.#exports.push({ name, functionIndex }); }
  /** Puts functions into a table when the module is instantiated, from `offset` on. */
  elements(table: number, offset: number, functions: readonly number[]): void { this.#elements.push({ table, offset, functions }); }

  /** Type of a declared or imported function. */
  typeOf(functionIndex: number): number {
    if (functionIndex >= this.#nrImportedFunctions) return this.#functions[functionIndex - this.#nrImportedFunctions]!.type;
    return this.#imports.filter((entry) => entry.kind === FUNC)[functionIndex]!.type;
  }
  codeOf(functionIndex: number): Code {
    const code = this.#functions[functionIndex - this.#nrImportedFunctions]?.code;
    assert(code, 'the function has a body');
    return code;
  }

  encode(): Uint8Array<ArrayBuffer> {
    let capacity = 1024;
    for (const { code } of this.#functions) capacity += (code?.length ?? 0) + 64;
    const out = new ByteWriter(capacity);
    for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.u8(byte);
    this.#section(out, 1, this.types.length, (section) => {
      for (const { params, results } of this.types) {
        section.u8(0x60);
        for (const list of [params, results]) {
          section.u32(list.length);
          for (const type of list) section.u8(type);
        }
      }
    });
    this.#section(out, 2, this.#imports.length, (section) => {
      for (const entry of this.#imports) {
        section.name(entry.module);
        section.name(entry.name);
        section.u8(entry.kind);
        if (entry.kind === FUNC) section.u32(entry.type);
        else {
          if (entry.kind === TABLE) section.u8(FUNCREF);
          section.u8(0); // limits: no maximum, at least 0
          section.u8(0);
        }
      }
    });
    this.#section(out, 3, this.#functions.length, (section) => {
      for (const { type } of this.#functions) section.u32(type);
    });
    this.#section(out, 7, this.#exports.length, (section) => {
      for (const { name, functionIndex } of this.#exports) {
        section.name(name);
        section.u8(FUNC);
        section.u32(functionIndex);
      }
    });
    this.#section(out, 9, this.#elements.length, (section) => {
      for (const { table, offset, functions } of this.#elements) {
        section.u32(table === 0 ? 0 : 2);
        if (table !== 0) section.u32(table);
        section.u8(OP['i32.const']);
        section.s32(offset);
        section.u8(OP.end);
        if (table !== 0) section.u8(0); // functions, by index
        section.u32(functions.length);
        for (const index of functions) section.u32(index);
      }
    });
    this.#section(out, 10, this.#functions.length, (section) => {
      section.reserve(capacity);
      for (const { code } of this.#functions) {
        assert(code, 'every declared function is defined');
        code.writeTo(section);
      }
    });
    return out.view();
  }

  #section(out: ByteWriter, id: number, count: number, write: (section: ByteWriter) => void): void {
    if (count === 0) return;
    const section = new ByteWriter();
    section.u32(count);
    write(section);
    out.u8(id);
    out.sized(section);
  }
}
