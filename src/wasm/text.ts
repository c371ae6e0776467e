// Prints a function body in the style of the WebAssembly text format, one instruction a line, indented by block. For golden
// tests and for looking at generated code: not a full WAT printer.

import { assert } from '../base/assert.ts';
import type { Code } from './code.ts';
import { EMPTY, I32, I64, immediateOf, OP, OP_FC, PREFIX_FC } from './opcodes.ts';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(OP).map(([name, code]) => [code, name]));
const NAMES_FC: ReadonlyMap<number, string> = new Map(Object.entries(OP_FC).map(([name, code]) => [code, name]));
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([[I32, 'i32'], [I64, 'i64'], [EMPTY, '']]);
const OPENERS = new Set(['block', 'loop', 'if', 'try']);
const MIDDLES = new Set(['else', 'catch', 'catch_all']);

class Reader {
  position = 0;
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.#bytes = bytes; }
  get isAtEnd(): boolean { return this.position >= this.#bytes.length; }
  u8(): number { return this.#bytes[this.position++]!; }
  unsigned(): number {
    let value = 0, factor = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) return value;
    }
  }
  signed(): bigint {
    let value = 0n, shift = 0n;
    for (;;) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return byte & 0x40 ? value - (1n << shift) : value;
    }
  }
}

/** How indices read in the text; by default `$3` for a local and `func 3` for a function. */
export interface TextNames {
  readonly local?: (index: number) => string;
  readonly func?: (index: number) => string;
}

export function printCode(code: Code, names: TextNames = {}): string {
  const reader = new Reader(code.view());
  const lines: string[] = [];
  let depth = 0;
  const local = names.local ?? ((index) => `$${index}`);
  const func = names.func ?? ((index) => `func ${index}`);
  if (code.localTypes.length > 0) {
    lines.push(`(local ${code.localTypes.map((type, i) => `${local(code.nrParams + i)}:${TYPE_NAMES.get(type)}`).join(' ')})`);
  }
  while (!reader.isAtEnd) {
    const byte = reader.u8();
    let name: string, operands = '';
    if (byte === PREFIX_FC) {
      const sub = reader.unsigned();
      name = NAMES_FC.get(sub)!;
      reader.u8();
      if (sub === OP_FC['memory.copy']) reader.u8();
    } else {
      name = NAMES.get(byte) ?? '';
      assert(name !== '', `opcode ${byte.toString(16)} is known`);
      switch (immediateOf(byte)) {
        case 'none': break;
        case 'block': operands = TYPE_NAMES.get(reader.u8()) ?? '?'; break;
        case 'index': {
          const index = reader.unsigned();
          operands = byte === OP.call ? func(index) : name.startsWith('local.') ? local(index) : String(index);
          break;
        }
        case 'table': {
          const count = reader.unsigned();
          operands = Array.from({ length: count + 1 }, () => reader.unsigned()).join(' ');
          break;
        }
        case 'call_indirect': operands = `type ${reader.unsigned()} table ${reader.unsigned()}`; break;
        case 'memarg': {
          reader.unsigned();
          const offset = reader.unsigned();
          operands = offset === 0 ? '' : `offset=0x${offset.toString(16)}`;
          break;
        }
        case 'i32': case 'i64': operands = String(reader.signed()); break;
      }
    }
    if (name === 'end') depth--;
    const indent = MIDDLES.has(name) ? depth - 1 : depth;
    lines.push(`${'  '.repeat(Math.max(indent, 0))}${name}${operands === '' ? '' : ` ${operands}`}`);
    if (OPENERS.has(name)) depth++;
  }
  return lines.join('\n');
}
