// What a module file says of itself, for people: the entries of modinfo(8), its sections and what it exports. Lenient: whatever
// has sections can be described, for any kernel, loadable or not.

import { R_X86_64_NONE, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS, SHT_NULL, SHT_SYMTAB, STB_WEAK } from '../../elf/constants.ts';
import { type Elf64, parseElf64 } from '../../elf/elf64.ts';
import { exportsOfFile, type FileExport } from './file-exports.ts';
import { ModInfo } from './modinfo.ts';
import { MODINFO } from './section-names.ts';
import { type ModuleSignature, readSignature } from './pkcs7.ts';
import { splitSignature } from './signature.ts';

export interface DescribedSection {
  readonly name: string;
  readonly sizeBytes: number;
  readonly alignment: number;
  /** A alloc, W write, X execute, as readelf prints them. */
  readonly flags: string;
  /** True for .bss and its like, which have no bytes in the file. */
  readonly isEmptyInFile: boolean;
  readonly nrRelocations: number;
}

export interface ModuleParameter { readonly name: string; readonly description: string | undefined; readonly type: string | undefined }

export interface ModuleDescription {
  /** Every entry of .modinfo in file order, except parm and parmtype. */
  readonly entries: readonly (readonly [key: string, value: string])[];
  readonly parameters: readonly ModuleParameter[];
  readonly signature: ModuleSignature | undefined;
  readonly sections: readonly DescribedSection[];
  readonly exports: readonly FileExport[];
  /** Symbols it needs; weak ones may be absent. */
  readonly imports: readonly { readonly name: string; readonly isWeak: boolean }[];
}

/** ElfError for a file that is no ELF64 object. */
export function describeModule(bytes: Uint8Array): ModuleDescription {
  const signed = splitSignature(bytes);
  const elf = parseElf64(signed?.image ?? bytes);
  const info = elf.find(MODINFO);
  const entries = info ? new ModInfo(elf.content(info)).entries : [];
  return {
    entries: entries.filter(([key]) => key !== 'parm' && key !== 'parmtype'),
    parameters: parametersOf(entries),
    signature: signed && readSignature(signed.pkcs7),
    sections: sectionsOf(elf),
    ...symbolsOf(elf),
  };
}

/** parm and parmtype of one name, by first mention. */
function parametersOf(entries: readonly (readonly [string, string])[]): ModuleParameter[] {
  const byName = new Map<string, { name: string; description: string | undefined; type: string | undefined }>();
  for (const [key, value] of entries) {
    if (key !== 'parm' && key !== 'parmtype') continue;
    const colon = value.indexOf(':');
    const name = colon < 0 ? value : value.slice(0, colon);
    const known = byName.get(name) ?? { name, description: undefined, type: undefined };
    known[key === 'parm' ? 'description' : 'type'] = colon < 0 ? '' : value.slice(colon + 1);
    byName.set(name, known);
  }
  return [...byName.values()];
}

function sectionsOf(elf: Elf64): DescribedSection[] {
  const relocations = new Map<number, number>();
  for (const section of elf.sections) {
    if (section.type !== 4) continue;
    const table = elf.relocations(section);
    let count = 0;
    for (let i = 0; i < table.count; i++) if (table.type(i) !== R_X86_64_NONE) count++;
    relocations.set(section.info, count);
  }
  return elf.sections.filter((section) => section.type !== SHT_NULL && (section.flags & SHF_ALLOC) !== 0).map((section) => ({
    name: elf.nameOf(section), sizeBytes: section.size, alignment: section.alignment,
    flags: `A${section.flags & SHF_WRITE ? 'W' : ''}${section.flags & SHF_EXECINSTR ? 'X' : ''}`,
    isEmptyInFile: section.type === SHT_NOBITS, nrRelocations: relocations.get(section.index) ?? 0,
  }));
}

function symbolsOf(elf: Elf64): Pick<ModuleDescription, 'exports' | 'imports'> {
  const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
  if (!table || !elf.sections[table.link]) return { exports: [], imports: [] };
  const symbols = elf.symbols(table);
  const exports = exportsOfFile({ elf, symbols, section: (name) => elf.find(name, SHF_ALLOC) });
  const imports: { name: string; isWeak: boolean }[] = [];
  for (let i = 1; i < symbols.count; i++) {
    const name = symbols.section(i) === 0 ? symbols.name(i) : '';
    if (name !== '') imports.push({ name, isWeak: symbols.binding(i) === STB_WEAK });
  }
  return { exports: [...exports.values()], imports };
}
