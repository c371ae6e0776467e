// Finding the tables inside a module that is being loaded, finishing its code, and handing the code to the processor
// (spec 1.5 steps 11-16, 2.7).

import type { Ptr } from '../../base/ptr.ts';
import { SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_NOTE, STT_FUNC } from '../../elf/constants.ts';
import type { FunctionBounds } from '../../cpu/api.ts';
import { applyAlternatives } from './alternatives.ts';
import { ExceptionTable } from './exception-table.ts';
import { ModuleKallsyms } from './kallsyms.ts';
import type { Load } from './load.ts';
import { KERN_ERR, KERN_WARNING } from './load-report.ts';
import type { ModuleExport, ModuleNote, ModuleSection, RecordTable } from './loaded-module.ts';
import { readExports } from './module-exports.ts';
import { BUG_ENTRY, EXTABLE_ENTRY, JUMP_ENTRY, JUMP_TABLE, KSYMTAB_ENTRY, PARAM_ENTRY, STATIC_CALL_SITE } from './section-names.ts';
import type { SymbolValues } from './symbol-values.ts';

function table(load: Load, name: string, entrySize: number): RecordTable {
  const section = load.file.section(name);
  // Without content there are no records, whatever size a broken file claims.
  if (!section || section.type === SHT_NOBITS || load.layout.areaOf[section.index] === -1) return { address: 0, count: 0 };
  return { address: load.layout.addressOf[section.index]!, count: Math.floor(section.size / entrySize) };
}

/** Where the tables will be; their contents count only after relocation. */
export function readTables(load: Load): void {
  const { context, file, layout, module, report } = load;
  module.parameters = table(load, '__param', PARAM_ENTRY);
  module.bugs = table(load, '__bug_table', BUG_ENTRY);
  module.jumpEntries = table(load, JUMP_TABLE, JUMP_ENTRY);
  module.staticCallSites = table(load, '.static_call_sites', STATIC_CALL_SITE);
  module.debugSites = table(load, '__dyndbg', context.dynamicDebug.sizeBytes);
  if (file.section('__obsparm')) report.note(KERN_WARNING, `${module.name}: Ignoring obsolete parameters`);
  for (const suffix of ['', '_gpl']) {
    if (table(load, `__ksymtab${suffix}`, KSYMTAB_ENTRY).count > 0 && !file.section(`__kcrctab${suffix}`)) {
      context.tainter.force(module.taints, module.name, 'no versions for exported symbols', report);
    }
  }
  const sections: ModuleSection[] = [];
  const notes: ModuleNote[] = [];
  for (let i = 1; i < layout.areaOf.length; i++) {
    const section = file.elf.sections[i]!;
    if (layout.areaOf[i] === -1 || section.size === 0) continue;
    const name = file.sectionNames[i] || file.elf.nameOf(section);
    sections.push({ name, address: layout.addressOf[i]! });
    if (section.type === SHT_NOTE && (section.flags & SHF_ALLOC) !== 0) notes.push({ name, address: layout.addressOf[i]!, size: section.size });
  }
  module.sections = sections;
  module.notes = notes;
}

/** After relocation: sorted exception table, per-CPU template, symbols, alternatives. */
export function finishArchitecture(load: Load, values: SymbolValues): void {
  const { context, file, layout, module, report } = load;
  const { ram, perCpu, cpuFeatures } = context.deps;
  const exceptions = table(load, '__ex_table', EXTABLE_ENTRY);
  if (exceptions.count > 0) module.exceptions = new ExceptionTable(ram, exceptions);
  copyPerCpuTemplate(load, perCpu.nrCpus);
  module.kallsyms = new ModuleKallsyms(file, values, layout, !context.isNewer);
  readModuleExports(load);
  const alternatives = file.section('.altinstructions');
  if (alternatives && layout.areaOf[alternatives.index] !== -1) {
    const isOwn = (address: Ptr, size: number): boolean => module.contains(address) && (size === 0 || module.contains(address + size - 1));
    context.patcher.isQuiet = true;
    const isGood = applyAlternatives({ patcher: context.patcher, features: cpuFeatures, hasFlagsField: context.isNewer, isOwn }, layout.addressOf[alternatives.index]!, alternatives.size);
    context.patcher.isQuiet = false;
    if (!isGood) throw report.refuse('ENOEXEC', KERN_ERR, `${module.name}: .altinstructions points outside the module`);
  }
  const bad = context.staticCalls.badSite(module);
  if (bad !== undefined) throw report.refuse('EINVAL', KERN_WARNING, `Failed to fixup __raw_static_call() usage at: ${bad}`);
}

function copyPerCpuTemplate(load: Load, nrCpus: number): void {
  const { context, file, module } = load;
  if (module.perCpuSize === 0) return;
  const template = file.perCpu!.type === SHT_NOBITS ? new Uint8Array(module.perCpuSize) : file.elf.content(file.perCpu!);
  for (let cpu = 0; cpu < nrCpus; cpu++) context.deps.ram.writeBytes(context.deps.perCpu.address(module.perCpuOffset, cpu), template);
}

function readModuleExports(load: Load): void {
  const { context, file, layout, module, report } = load;
  let into: Map<string, ModuleExport> | undefined;
  for (const [suffix, isGplOnly] of [['', false], ['_gpl', true]] as const) {
    const entries = table(load, `__ksymtab${suffix}`, KSYMTAB_ENTRY);
    if (entries.count === 0) continue;
    into ??= new Map();
    const crcs = file.section(`__kcrctab${suffix}`);
    const crcBase = crcs && layout.areaOf[crcs.index] !== -1 && crcs.size >= entries.count * 4 ? layout.addressOf[crcs.index]! : 0;
    if (!readExports(context.deps.ram, entries, crcBase, isGplOnly, into)) {
      throw report.refuse('ENOEXEC', KERN_ERR, `${module.name}: __ksymtab${suffix} points outside memory`);
    }
  }
  if (into) module.exports = into;
}

/** From here on the processor may run the module's text. */
export function publishCode(load: Load): void {
  const { context, layout, module } = load;
  layout.areas.forEach((area, index) => {
    if (area.textSize === 0) return;
    context.deps.cpu.addCode({ base: area.readOnlyBase, size: area.textSize, functions: functionsIn(load, index), owner: module.name });
  });
}

function functionsIn(load: Load, areaIndex: number): FunctionBounds[] {
  const { file: { symbols, elf }, layout } = load;
  const isCode = new Uint8Array(elf.sections.length);
  for (const section of elf.sections) if ((section.flags & SHF_EXECINSTR) !== 0 && layout.areaOf[section.index] === areaIndex) isCode[section.index] = 1;
  const functions: FunctionBounds[] = [];
  const seen = new Set<Ptr>();
  for (let i = 1; i < symbols.count; i++) {
    const section = symbols.section(i);
    if (section >= isCode.length || isCode[section] !== 1 || symbols.type(i) !== STT_FUNC) continue;
    const address = layout.addressOf[section]! + symbols.value(i);
    if (seen.has(address)) continue;
    seen.add(address);
    functions.push({ address, size: symbols.size(i), name: symbols.name(i) });
  }
  return functions;
}
