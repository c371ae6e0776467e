// A module file that passed Linux's acceptance checks, in Linux's order and with its messages (spec 2.1; all ENOEXEC), and the
// sections that the loader needs found. Linux: kernel/module/main.c (elf_validity_check, setup_load_info).
//
// Differs from Linux: what 6.1 does not check and then crashes on (a short `this_module`, tables that point outside the file) is
// refused with ENOEXEC.

import { latin1z } from '../../base/latin1.ts';
import { EHDR_SIZE, EM_X86_64, ET_REL, SHDR_SIZE, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS, SHT_NULL, SHT_STRTAB, SHT_SYMTAB } from '../../elf/constants.ts';
import { Elf64, ELF_MAGIC, type ElfHeader, type ElfSection, ElfStrings, ElfSymbols, isSectionInFile, readElfHeader, readElfSections, viewOf } from '../../elf/elf64.ts';
import type { LoadError } from '../errors.ts';
import { KERN_ERR, KERN_WARNING, type LoadReport } from './load-report.ts';
import { ModInfo } from './modinfo.ts';
import { MODINFO, PER_CPU, THIS_MODULE, VERSIONS } from './section-names.ts';
import { SymbolVersions } from './versions.ts';

/** What acceptance must know of the kernel that is to load the file. */
export interface AcceptanceRules {
  /** 6.12 checks more, and in another order. */
  readonly isStrict: boolean;
  readonly structModuleSize: number;
  readonly nameOffset: number;
  readonly nameSize: number;
}

export interface ModuleFile {
  readonly elf: Elf64;
  readonly info: ModInfo;
  /** Name by section; '' for sections that are not loaded. */
  readonly sectionNames: readonly string[];
  readonly symbols: ElfSymbols;
  readonly symbolSection: ElfSection;
  readonly stringSection: ElfSection;
  readonly thisModule: ElfSection;
  readonly perCpu: ElfSection | undefined;
  readonly versionSection: ElfSection | undefined;
  /** By `.modinfo`, else by struct module: used in messages before the module has an address. */
  readonly infoName: string;
  /** The name the module gets: the one in struct module. */
  readonly name: string;
  /** First ALLOC section of that name. */
  section(name: string): ElfSection | undefined;
  content(name: string): Uint8Array;
}

const UNNAMED = '(missing .modinfo section or name field)';
const NOTHING = new Uint8Array(0);

export function acceptModule(bytes: Uint8Array, rules: AcceptanceRules, report: LoadReport): ModuleFile {
  const refuse = (text: string, level = KERN_ERR): LoadError => report.refuse('ENOEXEC', level, text);
  const view = viewOf(bytes);
  const header = acceptHeader(bytes, view, refuse);
  const sections = readElfSections(view, header.sectionOffset, header.sectionCount);
  if (rules.isStrict) {
    acceptFirstSection(sections, refuse);
    for (const section of sections) acceptBounds(section, bytes, refuse);
  }
  const names = acceptNameTable(bytes, header, sections, rules.isStrict, refuse);
  const elf = new Elf64(bytes, view, header, sections, names);
  const symbolSections = acceptSections(elf, rules.isStrict, refuse);

  const sectionNames: string[] = new Array(sections.length).fill('');
  const byName = new Map<string, ElfSection>();
  for (const section of sections) {
    if ((section.flags & SHF_ALLOC) === 0) continue;
    const name = elf.nameOf(section);
    sectionNames[section.index] = name;
    if (!byName.has(name) && section.index > 0) byName.set(name, section);
  }
  const content = (name: string): Uint8Array => {
    const section = byName.get(name);
    return section ? elf.content(section) : NOTHING;
  };

  const info = new ModInfo(content(MODINFO));
  const infoName = info.get('name');
  const thisModule = rules.isStrict
    ? acceptThisModuleStrictly(elf, sectionNames, infoName ?? UNNAMED, rules, refuse)
    : byName.get(THIS_MODULE);
  const symbolSection = symbolSections[0];
  if (!symbolSection || (rules.isStrict && symbolSections.length > 1)) throw refuse(`${infoName ?? UNNAMED}: module has no symbols (stripped?)`, KERN_WARNING);
  if (!thisModule) throw refuse(`${infoName ?? UNNAMED}: No module found in object`, KERN_WARNING);
  if (thisModule.type === SHT_NOBITS || thisModule.size < rules.structModuleSize) {
    report.silentIssue(`section ${THIS_MODULE} holds ${thisModule.size} bytes, struct module needs ${rules.structModuleSize}`);
    throw report.error('ENOEXEC');
  }
  const stringSection = sections[symbolSection.link]!;
  acceptSymbolNames(elf, stringSection, rules.isStrict, report, refuse);

  const nameAt = thisModule.offset + rules.nameOffset;
  const name = latin1z(bytes, nameAt, nameAt + rules.nameSize - 1);
  return {
    elf, info, sectionNames, symbols: symbolsOf(elf, symbolSection, stringSection), symbolSection, stringSection, thisModule,
    perCpu: byName.get(PER_CPU), versionSection: byName.get(VERSIONS), infoName: infoName ?? name, name,
    section: (wanted) => byName.get(wanted), content,
  };
}

/** Linux reads a name up to its NUL, wherever the string table says it ends; so here, up to the end of the file. */
function symbolsOf(elf: Elf64, section: ElfSection, strings: ElfSection): ElfSymbols {
  return new ElfSymbols(elf.view, section.offset, section.size, new ElfStrings(elf.bytes, strings.offset, elf.bytes.length - strings.offset));
}

/** The module's `__versions`; undefined when it has none. */
export const versionsOf = (file: ModuleFile): SymbolVersions | undefined =>
  file.versionSection === undefined ? undefined : new SymbolVersions(file.elf.content(file.versionSection));

type Refuse = (text: string, level?: number) => LoadError;

function acceptHeader(bytes: Uint8Array, view: DataView, refuse: Refuse): ElfHeader {
  if (bytes.length < EHDR_SIZE) throw refuse(`Invalid ELF header len ${bytes.length}`);
  const header = readElfHeader(view);
  if (header.magic !== ELF_MAGIC) throw refuse('Invalid ELF header magic: != \x7fELF');
  if (header.type !== ET_REL) throw refuse(`Invalid ELF header type: ${header.type} != ${ET_REL}`);
  if (header.machine !== EM_X86_64) throw refuse(`Invalid architecture in ELF header: ${header.machine}`);
  if (header.sectionEntrySize !== SHDR_SIZE) throw refuse('Invalid ELF section header size');
  if (header.sectionOffset >= bytes.length || header.sectionCount * SHDR_SIZE > bytes.length - header.sectionOffset) throw refuse('Invalid ELF section header overflow');
  return header;
}

function acceptFirstSection(sections: readonly ElfSection[], refuse: Refuse): void {
  const first = sections[0];
  if (first && (first.type !== SHT_NULL || first.size !== 0 || first.address !== 0)) {
    throw refuse(`ELF Spec violation: section 0 type(${first.type | 0})!=SH_NULL or non-zero len or addr`);
  }
}

const isInFile = (section: ElfSection, bytes: Uint8Array): boolean => section.offset <= bytes.length && section.size <= bytes.length - section.offset;

function acceptBounds(section: ElfSection, bytes: Uint8Array, refuse: Refuse): void {
  if (!isSectionInFile(section, bytes.length)) throw refuse(`Invalid ELF section in module (section ${section.index} type ${section.type | 0})`);
}

function acceptNameTable(bytes: Uint8Array, header: ElfHeader, sections: readonly ElfSection[], isStrict: boolean, refuse: Refuse): ElfStrings {
  const { nameIndex, sectionCount } = header;
  if (nameIndex === 0 || nameIndex >= sectionCount) {
    throw refuse(`Invalid ELF section name index: ${nameIndex} || e_shstrndx (${nameIndex}) >= e_shnum (${sectionCount})`);
  }
  const table = sections[nameIndex]!;
  if (isStrict && table.type !== SHT_STRTAB) throw refuse(`Invalid ELF section name table type: ${table.type}`);
  if (!isInFile(table, bytes)) throw refuse(`Invalid ELF section hdr(type ${table.type | 0})`);
  if (table.size === 0) throw refuse('empty section name table');
  const names = new ElfStrings(bytes, table.offset, table.size);
  if (!names.isTerminated()) throw refuse("ELF Spec violation: section name table isn't null terminated");
  return names;
}

/** Returns the symbol tables, in order. */
function acceptSections(elf: Elf64, isStrict: boolean, refuse: Refuse): ElfSection[] {
  const { sections, header } = elf;
  if (!isStrict) acceptFirstSection(sections, refuse);
  const symbolSections: ElfSection[] = [];
  for (let i = 1; i < sections.length; i++) {
    const section = sections[i]!;
    if (section.type === SHT_SYMTAB) {
      if (section.link === 0 || section.link >= header.sectionCount) {
        throw refuse(`Invalid ELF sh_link!=SHN_UNDEF(${section.link}) or (sh_link(${section.link}) >= hdr->e_shnum(${header.sectionCount})`);
      }
      symbolSections.push(section);
    }
    if (section.type !== SHT_NULL && section.type !== SHT_NOBITS) acceptBounds(section, elf.bytes, refuse);
    const isNameNeeded = isStrict || (section.type !== SHT_NULL && section.type !== SHT_NOBITS && (section.flags & SHF_ALLOC) !== 0);
    if (isNameNeeded && section.nameOffset >= elf.sectionNames.sizeBytes) throw refuse(`Invalid ELF section name in module (section ${i} type ${section.type | 0})`);
  }
  return symbolSections;
}

function acceptThisModuleStrictly(elf: Elf64, names: readonly string[], moduleName: string, rules: AcceptanceRules, refuse: Refuse): ElfSection {
  const named = (wanted: string): ElfSection[] => elf.sections.filter((section) => names[section.index] === wanted);
  if (named(MODINFO).length > 1) throw refuse('Only one .modinfo section must exist.');
  const found = named(THIS_MODULE);
  const complain = (text: string): LoadError => refuse(`module ${moduleName}: ${text}`);
  if (found.length !== 1) throw complain(`Exactly one ${THIS_MODULE} section must exist.`);
  const section = found[0]!;
  if (section.type === SHT_NOBITS) throw complain(`${THIS_MODULE} section must have a size set`);
  if (section.size !== rules.structModuleSize) throw complain(`${THIS_MODULE} section size must match the kernel's built struct module size at run time`);
  return section;
}

function acceptSymbolNames(elf: Elf64, section: ElfSection, isStrict: boolean, report: LoadReport, refuse: Refuse): void {
  if (isStrict && section.type !== SHT_STRTAB) throw refuse(`Invalid ELF symbol string table type: ${section.type}`);
  if (!isInFile(section, elf.bytes)) {
    report.silentIssue('the string table of the symbols lies outside the file');
    throw report.error('ENOEXEC');
  }
}

/** Sections that are both writable and executable are refused (a later step of the loader than the above). */
export function refuseWritableCode(file: ModuleFile, report: LoadReport): void {
  for (const section of file.elf.sections) {
    const mask = SHF_WRITE | SHF_EXECINSTR;
    if ((section.flags & mask) === mask) {
      throw report.refuse('ENOEXEC', KERN_ERR, `${file.infoName}: section ${file.elf.nameOf(section)} (index ${section.index}) has invalid WRITE|EXEC flags`);
    }
  }
}
