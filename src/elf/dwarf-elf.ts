// The DWARF line data of an ELF file, as dwarf-line.ts reads it: sections by name, relocations looked up instead of applied.

import { SHT_RELA } from './constants.ts';
import type { LineSource, Relocated } from './dwarf-line.ts';
import type { Elf64, ElfSection } from './elf64.ts';

/** Undefined where the file has no line information. */
export function lineSourceOf(elf: Elf64): LineSource | undefined {
  const lines = elf.find('.debug_line');
  if (!lines) return undefined;
  let relocations: ReadonlyMap<number, Relocated> | undefined;
  return {
    content: (name) => {
      const section = elf.find(name);
      return section && elf.content(section);
    },
    relocationAt: (offset) => (relocations ??= relocationsOf(elf, lines)).get(offset),
  };
}

/** Symbol plus addend by offset, for relocations of `target` against symbols that lie in a section. */
function relocationsOf(elf: Elf64, target: ElfSection): ReadonlyMap<number, Relocated> {
  const found = new Map<number, Relocated>();
  for (const section of elf.sections) {
    if (section.type !== SHT_RELA || section.info !== target.index) continue;
    const symbolTable = elf.sections[section.link];
    if (!symbolTable || !elf.sections[symbolTable.link]) continue;
    const symbols = elf.symbols(symbolTable);
    const relocations = elf.relocations(section);
    for (let i = 0; i < relocations.count; i++) {
      const symbol = relocations.symbol(i);
      if (symbol >= symbols.count) continue;
      found.set(relocations.offset(i), { section: symbols.section(symbol), offset: symbols.value(symbol) + relocations.addend(i) });
    }
  }
  return found;
}
