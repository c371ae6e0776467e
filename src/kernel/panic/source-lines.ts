// Source lines of module code, from the debug information in the module's own file, for reports that show them.

import type { Ptr } from '../../base/ptr.ts';
import { lineSourceOf } from '../../elf/dwarf-elf.ts';
import { LineTable, type SourceLine } from '../../elf/dwarf-line.ts';
import type { Elf64 } from '../../elf/elf64.ts';

/** A module as far as its lines go. */
export interface DebuggedModule {
  /** The file it was loaded from, where that has debug information. */
  readonly debugFile: Elf64 | undefined;
  readonly sections: readonly { readonly name: string; readonly address: Ptr }[];
}

export class ModuleSourceLines {
  readonly #moduleAt: (address: Ptr) => DebuggedModule | undefined;
  readonly #tables = new WeakMap<Elf64, LineTable>();

  constructor(moduleAt: (address: Ptr) => DebuggedModule | undefined) { this.#moduleAt = moduleAt; }

  /** The line of the instruction at `address`. */
  readonly find = (address: Ptr): SourceLine | undefined => {
    const module = this.#moduleAt(address);
    const elf = module?.debugFile;
    if (!elf) return undefined;
    for (const { name, address: start } of module.sections) {
      const section = elf.find(name);
      if (section && address >= start && address < start + section.size) return this.#tableOf(elf)?.find(section.index, address - start);
    }
    return undefined;
  };

  #tableOf(elf: Elf64): LineTable | undefined {
    const known = this.#tables.get(elf);
    if (known) return known;
    const source = lineSourceOf(elf);
    if (!source) return undefined;
    const table = new LineTable(source);
    this.#tables.set(elf, table);
    return table;
  }
}
