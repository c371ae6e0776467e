// A module's `__ex_table`: where to continue when an instruction faults (spec appendix B). Linux: lib/extable.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { RecordTable } from './loaded-module.ts';
import { EXTABLE_ENTRY } from './section-names.ts';

export interface ExceptionFixup {
  /** Where execution goes on. */
  readonly fixup: Ptr;
  /** 1 default, 2 fault, 3 uaccess, 4 copy, 17 set register, 19 adjust copy length, 20 zero-padded load. */
  readonly type: number;
  readonly register: number;
  readonly immediate: number;
}

/** The entry's four low bytes: handler type, register, flags, immediate. */
const decode = (fixup: Ptr, data: number): ExceptionFixup => ({ fixup, type: data & 0xff, register: (data >> 8) & 0xf, immediate: data >> 16 });

export class ExceptionTable {
  readonly #instructions: Float64Array;
  readonly #fixups: Float64Array;
  readonly #data: Int32Array;

  /** Reads the relocated table and sorts it by instruction, here and in RAM. */
  constructor(ram: Ram, table: RecordTable) {
    const entries: { at: Ptr; fixup: Ptr; data: number }[] = [];
    for (let i = 0, at = table.address; i < table.count; i++, at += EXTABLE_ENTRY) {
      entries.push({ at: at + ram.readI32(at), fixup: at + 4 + ram.readI32(at + 4), data: ram.readI32(at + 8) });
    }
    entries.sort((a, b) => a.at - b.at);
    this.#instructions = Float64Array.from(entries, (entry) => entry.at);
    this.#fixups = Float64Array.from(entries, (entry) => entry.fixup);
    this.#data = Int32Array.from(entries, (entry) => entry.data);
    entries.forEach((entry, i) => {
      const at = table.address + i * EXTABLE_ENTRY;
      ram.writeU32(at, entry.at - at);
      ram.writeU32(at + 4, entry.fixup - at - 4);
      ram.writeU32(at + 8, entry.data);
    });
  }
  find(address: Ptr): ExceptionFixup | undefined {
    let low = 0;
    let high = this.#instructions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#instructions[middle]! < address) low = middle + 1;
      else high = middle;
    }
    return this.#instructions[low] === address ? decode(this.#fixups[low]!, this.#data[low]!) : undefined;
  }
}
