// Why a module would not load, said beforehand and without side effects: all reasons at once, by the same rules and with the same
// words as the loader, plus what Linux has no words for (who would provide a missing symbol).

import type { Abi } from '../../abi/abi.ts';
import { R_X86_64_32, relocationName, SHF_ALLOC, SHN_ABS, SHN_UNDEF, SHT_NOBITS, SHT_REL, STB_WEAK } from '../../elf/constants.ts';
import type { ElfSection } from '../../elf/elf64.ts';
import { Errno } from '../errors.ts';
import { exportsOfFile, type FileExport } from './file-exports.ts';
import { licenseOf, magicMismatch } from './load-checks.ts';
import { LoadReport } from './load-report.ts';
import { acceptModule, type AcceptanceRules, type ModuleFile, refuseWritableCode, versionsOf } from './module-file.ts';
import { isGplCompatible } from './modinfo.ts';
import { relocationSections, relocationWidth } from './relocate.ts';
import { admitSymbol, type Importer, type KernelExport, type KernelExports, unknownSymbol } from './resolve.ts';
import { MODINFO, PER_CPU, VERSIONS } from './section-names.ts';
import { splitSignature } from './signature.ts';
import { compareVersion, type SymbolVersions, versionComplaint } from './versions.ts';

export type FindingKind =
  | 'elf' | 'vermagic' | 'layout-version' | 'write-exec' | 'missing-symbol' | 'missing-weak-symbol' | 'gpl-only' | 'version' | 'namespace' | 'relocation' | 'symbol'
  | 'duplicate-export' | 'license' | 'section';

export interface Finding {
  readonly kind: FindingKind;
  /** 'refused': insmod fails. 'limited': it loads, and something of it will not work or taints the kernel. */
  readonly effect: 'refused' | 'limited';
  /** Linux's own line where it has one. */
  readonly text: string;
  readonly symbol?: string;
  /** For a missing symbol: the module (a given one, or one of the distribution) or 'kernel' that exports it. */
  readonly provider?: string;
}

/** A module that would be loaded before. */
export interface OtherModule { readonly name: string; readonly exports: ReadonlyMap<string, FileExport>; readonly isProprietary: boolean }

export interface CheckEnvironment {
  readonly abi: Abi;
  /** Kernel symbols that are implemented. */
  readonly exports: KernelExports;
  /** Loaded before the module, oldest first. */
  readonly others?: readonly OtherModule[];
}

export function rulesOf(abi: Abi): AcceptanceRules {
  const layout = abi.struct<string>('module');
  return { isStrict: !layout.hasField('core_layout'), structModuleSize: layout.sizeBytes, nameOffset: layout.offset('name'), nameSize: layout.field('name').type.sizeBytes };
}

/** Reads a module file as `others` of a check; undefined if it is none. */
export function otherModule(bytes: Uint8Array, abi: Abi): OtherModule | undefined {
  const file = accept(bytes, abi, new LoadReport(undefined));
  return file && { name: file.name, exports: exportsOfFile(file), isProprietary: !isGplCompatible(licenseOf(file)) };
}

function accept(bytes: Uint8Array, abi: Abi, report: LoadReport): ModuleFile | undefined {
  try {
    return acceptModule(splitSignature(bytes)?.image ?? bytes, rulesOf(abi), report);
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

export function checkModule(bytes: Uint8Array, environment: CheckEnvironment): Finding[] {
  const report = new LoadReport(undefined);
  const file = accept(bytes, environment.abi, report);
  if (!file) return report.issues.map(({ text }) => ({ kind: 'elf', effect: 'refused', text }));
  const findings: Finding[] = [];
  const versions = versionsOf(file);
  checkIdentity(file, versions, environment, findings);
  checkSymbols(file, versions, environment, findings);
  checkExports(file, environment, findings);
  checkRelocations(file, findings);
  checkSections(file, findings);
  return findings;
}

function checkIdentity(file: ModuleFile, versions: SymbolVersions | undefined, { abi }: CheckEnvironment, findings: Finding[]): void {
  const magic = magicMismatch(file, abi.vermagic, versions !== undefined);
  if (magic !== undefined) findings.push({ kind: 'vermagic', effect: 'refused', text: magic });
  if (!file.info.has('vermagic')) findings.push({ kind: 'vermagic', effect: 'limited', text: `${file.name}: bad vermagic: kernel tainted.` });
  const verdict = compareVersion(versions, 'module_layout', abi.exportedSymbol('module_layout')?.crc);
  if (verdict === 'different' || verdict === 'missing') findings.push({ kind: 'layout-version', effect: 'refused', text: versionComplaint(verdict, file.infoName, 'module_layout'), symbol: 'module_layout' });
  if (verdict === 'unversioned') findings.push({ kind: 'layout-version', effect: 'limited', text: `${file.name}: module_layout: kernel tainted.` });
  const license = licenseOf(file);
  if (!isGplCompatible(license)) findings.push({ kind: 'license', effect: 'limited', text: `${file.name}: module license '${license}' taints kernel.` });
  const report = new LoadReport(undefined);
  try {
    refuseWritableCode(file, report);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    findings.push({ kind: 'write-exec', effect: 'refused', text: report.issues[0]!.text });
  }
}

interface Hit extends KernelExport { readonly provider: OtherModule | undefined }

function checkSymbols(file: ModuleFile, versions: SymbolVersions | undefined, environment: CheckEnvironment, findings: Finding[]): void {
  const { symbols } = file;
  let isProprietary = !isGplCompatible(licenseOf(file));
  let isUsingGplOnly = false;
  const importer: Importer = {
    name: file.name, infoName: file.infoName, versions, namespaces: file.info.all('import_ns'),
    isProprietary: () => isProprietary, isUsingGplOnly: () => isUsingGplOnly,
    useGplOnly: () => { isUsingGplOnly = true; }, inheritProprietary: () => { isProprietary = true; }, forceVersions: () => {},
  };
  for (let i = 1; i < symbols.count; i++) {
    const section = symbols.section(i);
    if (section !== SHN_UNDEF) {
      if (section < SHN_ABS && section !== 0xff20 && section >= file.elf.sections.length) {
        findings.push({ kind: 'symbol', effect: 'refused', text: `${file.name}: Symbol ${symbols.name(i)} has an invalid section index ${section} (max ${file.elf.sections.length - 1})` });
      }
      if (section === SHN_ABS + 1 && !symbols.names.startsWith(symbols.nameOffset(i), '__gnu_lto')) findings.push({ kind: 'symbol', effect: 'refused', text: `${file.name}: please compile with -fno-common` });
      continue;
    }
    const name = symbols.name(i);
    if (name === '' || name === '_GLOBAL_OFFSET_TABLE_') continue;
    checkImport(name, symbols.binding(i) === STB_WEAK, importer, environment, findings);
  }
}

function checkImport(name: string, isWeak: boolean, importer: Importer, environment: CheckEnvironment, findings: Finding[]): void {
  const hit = findImport(name, environment);
  const isAllowed = hit !== undefined && (!hit.isGplOnly || !importer.isProprietary());
  if (!isAllowed) {
    if (isWeak) {
      findings.push({ kind: 'missing-weak-symbol', effect: 'limited', text: `${importer.name}: weak symbol ${name} is missing, calling it jumps to 0`, symbol: name });
      return;
    }
    const provider = hit ? (hit.provider?.name ?? 'kernel') : environment.abi.exportedSymbol(name)?.owner;
    findings.push({
      kind: hit ? 'gpl-only' : 'missing-symbol', effect: 'refused', text: unknownSymbol(importer.name, name, 'ENOENT'), symbol: name,
      ...(provider !== undefined && { provider: provider === 'vmlinux' ? 'kernel' : provider }),
    });
    return;
  }
  const report = new LoadReport(undefined);
  const owner = hit.provider && { name: hit.provider.name, taints: { has: () => hit.provider!.isProprietary } };
  const refusal = admitSymbol(name, { ...hit, owner: owner ?? null }, importer, report);
  if (!refusal) return;
  const kind: FindingKind = refusal === 'ENOENT' ? 'gpl-only' : hit.namespace !== '' && !importer.namespaces.includes(hit.namespace) && report.issues[0]!.text.includes('namespace') ? 'namespace' : 'version';
  findings.push({ kind, effect: 'refused', text: report.issues[0]!.text, symbol: name, provider: hit.provider?.name ?? 'kernel' });
}

function findImport(name: string, { exports, others }: CheckEnvironment): Hit | undefined {
  const own = exports(name);
  if (own) return { address: own.address, crc: own.crc, isGplOnly: own.isGplOnly, namespace: own.namespace, provider: undefined };
  for (const provider of others?.toReversed() ?? []) {
    const hit = provider.exports.get(name);
    if (hit) return { address: 0, crc: hit.crc, isGplOnly: hit.isGplOnly, namespace: hit.namespace, provider };
  }
  return undefined;
}

function checkExports(file: ModuleFile, environment: CheckEnvironment, findings: Finding[]): void {
  for (const name of exportsOfFile(file).keys()) {
    const hit = findImport(name, environment);
    const owner = hit ? (hit.provider?.name ?? 'kernel') : environment.abi.exportedSymbol(name)?.owner === 'vmlinux' ? 'kernel' : undefined;
    if (owner === undefined || owner === file.name) continue;
    findings.push({ kind: 'duplicate-export', effect: 'refused', text: `${file.name}: exports duplicate symbol ${name} (owned by ${owner})`, symbol: name });
  }
}

const isLoaded = (file: ModuleFile, section: ElfSection): boolean => {
  const name = file.sectionNames[section.index]!;
  return (section.flags & SHF_ALLOC) !== 0 && !((name === MODINFO || name === VERSIONS || name === PER_CPU) && file.section(name) === section);
};

/** Types nobody applies, records that point outside, fields that are not zero, 32-bit fields that cannot hold an address. */
function checkRelocations(file: ModuleFile, findings: Finding[]): void {
  const { elf, symbols } = file;
  const unknown = new Set<number>();
  const refuse = (text: string): void => { findings.push({ kind: 'relocation', effect: 'refused', text }); };
  for (const section of relocationSections(file, (index) => isLoaded(file, elf.sections[index]!))) {
    if (section.type === SHT_REL) {
      refuse(`module ${file.name}: REL relocation unsupported`);
      continue;
    }
    const target = elf.sections[section.info]!;
    const relocations = elf.relocations(section);
    for (let i = 0; i < relocations.count; i++) {
      const type = relocations.type(i);
      const width = relocationWidth(type);
      if (width < 0) unknown.add(type);
      if (width <= 0) continue;
      const place = relocations.offset(i);
      const symbol = relocations.symbol(i);
      if (symbol >= symbols.count || place > target.size - width) {
        refuse(`${file.name}: relocation ${i} of section ${section.index} lies outside its section or symbol table`);
        break;
      }
      if (target.type !== SHT_NOBITS && elf.bytes.subarray(target.offset + place, target.offset + place + width).some((byte) => byte !== 0)) {
        refuse(`${file.name}: relocation ${i} of section ${section.index}: existing value is nonzero for type ${type}`);
        break;
      }
      const home = elf.sections[symbols.section(symbol)];
      if (type === R_X86_64_32 && home !== undefined && isLoaded(file, home)) {
        refuse(`module: overflow in relocation type ${type}: ${symbols.name(symbol) || elf.nameOf(home)} lies in the top 2 GiB`);
        break;
      }
    }
  }
  for (const type of unknown) refuse(`module: ${file.name}: Unknown rela relocation: ${type}${relocationName(type).startsWith('R_') ? ` (${relocationName(type)})` : ''}`);
}

/** Sections whose machinery kobox lacks: the module loads, the feature stays off. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  __tracepoints_ptrs: 'its tracepoints stay off', _ftrace_events: 'its trace events do not exist', ___srcu_struct_ptrs: 'its static SRCU structs are not initialised',
};

function checkSections(file: ModuleFile, findings: Finding[]): void {
  for (const [name, effect] of Object.entries(UNSUPPORTED)) {
    const section = file.section(name);
    if (section && section.size > 0) findings.push({ kind: 'section', effect: 'limited', text: `${file.name}: section ${name}: ${effect}` });
  }
}
