// What a module file exports, read without loading it: `kobox check` asks which module would provide a missing symbol.
// Entries of `__ksymtab` are named by symbols `__ksymtab_NAME`; CRCs and namespaces lie beside them (spec 2.2).

import { KSYMTAB_ENTRY } from './section-names.ts';
import type { ModuleFile } from './module-file.ts';

export interface FileExport { readonly name: string; readonly isGplOnly: boolean; readonly crc: number | undefined; readonly namespace: string }

export function exportsOfFile(file: Pick<ModuleFile, 'elf' | 'symbols' | 'section'>): Map<string, FileExport> {
  const { symbols, elf } = file;
  const tables = (['__ksymtab', '__ksymtab_gpl'] as const).map((name) => ({ section: file.section(name), crcs: file.section(name.replace('ksymtab', 'kcrctab')), isGplOnly: name.endsWith('_gpl') }));
  const found = new Map<string, FileExport>();
  if (!tables.some((table) => table.section)) return found;
  const namespaces = new Map<string, string>();
  const strings = file.section('__ksymtab_strings');
  const entries: { readonly name: string; readonly table: (typeof tables)[number]; readonly index: number }[] = [];
  for (let i = 1; i < symbols.count; i++) {
    const at = symbols.nameOffset(i);
    if (strings && symbols.section(i) === strings.index && symbols.names.startsWith(at, '__kstrtabns_')) {
      namespaces.set(symbols.name(i).slice(12), elf.strings(strings).at(symbols.value(i)));
    } else if (symbols.names.startsWith(at, '__ksymtab_')) {
      const table = tables.find((candidate) => candidate.section?.index === symbols.section(i));
      if (table) entries.push({ name: symbols.name(i).slice(10), table, index: Math.floor(symbols.value(i) / KSYMTAB_ENTRY) });
    }
  }
  for (const { name, table, index } of entries) {
    const crcs = table.crcs;
    const crc = crcs && (index + 1) * 4 <= elf.content(crcs).length ? elf.view.getUint32(crcs.offset + index * 4, true) : undefined;
    found.set(name, { name, isGplOnly: table.isGplOnly, crc, namespace: namespaces.get(name) ?? '' });
  }
  return found;
}
