// Tells a LoadObserver what the loader did with sections and relocations; costs nothing without one.

import { relocationName, SHF_EXECINSTR, SHF_WRITE } from '../../elf/constants.ts';
import type { Load } from './load.ts';
import { relocationSections } from './relocate.ts';

export function observeSections(load: Load): void {
  const { context: { observer }, file, layout, module } = load;
  if (!observer?.sectionPlaced) return;
  for (const section of file.elf.sections) {
    const area = layout.areas[layout.areaOf[section.index]!];
    if (!area || section.size === 0) continue;
    observer.sectionPlaced(module.name, {
      name: file.elf.nameOf(section), address: layout.addressOf[section.index]!, size: section.size,
      flags: `${(section.flags & SHF_WRITE) !== 0 ? 'W' : ''}A${(section.flags & SHF_EXECINSTR) !== 0 ? 'X' : ''}`, isInit: area.isInit,
    });
  }
}

export function observeRelocations(load: Load): void {
  const { context: { observer }, file, layout, module } = load;
  if (!observer?.relocated) return;
  const counts = new Map<string, number>();
  for (const section of relocationSections(file, (index) => layout.areaOf[index] !== -1)) {
    const relocations = file.elf.relocations(section);
    for (let i = 0; i < relocations.count; i++) {
      const name = relocationName(relocations.type(i));
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  observer.relocated(module.name, counts);
}
