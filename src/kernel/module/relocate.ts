// Relocations of x86-64 modules (spec 2.6). Fields must be zero beforehand; absolute 32-bit values must fit; differences are
// stored modulo 2^32 unchecked, because per-CPU symbols are small offsets reached from module text through %gs:disp(%rip).

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import {
  R_X86_64_32, R_X86_64_32S, R_X86_64_64, R_X86_64_NONE, R_X86_64_PC32, R_X86_64_PC64, R_X86_64_PLT32, SHT_REL, SHT_RELA,
} from '../../elf/constants.ts';
import type { ElfRelocations, ElfSection } from '../../elf/elf64.ts';
import type { Layout } from './layout.ts';
import { KERN_ERR, type LoadReport } from './load-report.ts';
import type { ModuleFile } from './module-file.ts';
import type { SymbolValues } from './symbol-values.ts';

export interface RelocationContext {
  readonly ram: Ram;
  readonly file: ModuleFile;
  readonly moduleName: string;
  readonly layout: Layout;
  readonly values: SymbolValues;
  readonly report: LoadReport;
  /** 6.12 words one message differently. */
  readonly isStrict: boolean;
  /** `%p` of an address: hashed. */
  readonly hashPointer: (address: Ptr) => string;
}

/** The sections with relocations that count: those whose target is loaded. */
export function relocationSections(file: ModuleFile, isLoaded: (index: number) => boolean): ElfSection[] {
  return file.elf.sections.filter((section) => (section.type === SHT_RELA || section.type === SHT_REL) && section.info < file.elf.sections.length && isLoaded(section.info));
}

export function relocateModule(context: RelocationContext): void {
  const { file, layout, report } = context;
  for (const section of relocationSections(file, (index) => layout.areaOf[index] !== -1)) {
    if (section.type === SHT_REL) {
      throw report.refuse('ENOEXEC', KERN_ERR, `module ${context.moduleName}: REL relocation unsupported`);
    }
    relocateSection(context, section);
  }
}

/** Bytes that a type stores, -1 for types that modules cannot have. */
export function relocationWidth(type: number): number {
  switch (type) {
    case R_X86_64_NONE: return 0;
    case R_X86_64_64: case R_X86_64_PC64: return 8;
    case R_X86_64_PC32: case R_X86_64_PLT32: case R_X86_64_32: case R_X86_64_32S: return 4;
    default: return -1;
  }
}

const EXACT = 2 ** 52;

function relocateSection(context: RelocationContext, section: ElfSection): void {
  const { ram, file, layout, values } = context;
  const relocations = file.elf.relocations(section);
  const target = file.elf.sections[section.info]!;
  const base = layout.addressOf[section.info]!;
  const view = ram.view;
  const ramBase = target.size > 0 ? ram.offset(base, target.size, true) : 0;
  const symbolValues = values.values;
  const odd = values.odd;
  for (let i = 0; i < relocations.count; i++) {
    const type = relocations.type(i);
    const place = relocations.offset(i);
    const width = relocationWidth(type);
    if (width < 0) throw unknownType(context, type);
    if (width === 0) continue;
    const symbol = relocations.symbol(i);
    if (symbol >= symbolValues.length || place > target.size - width) throw outside(context, section, i);
    const addend = relocations.addend(i);
    if (!(addend < EXACT && addend > -EXACT) || odd?.has(symbol)) {
      relocateSlowly(context, relocations, i, base + place);
      continue;
    }
    const at = ramBase + place;
    const value = symbolValues[symbol]! + addend;
    if (view.getUint32(at, true) !== 0 || (width === 8 && view.getUint32(at + 4, true) !== 0)) {
      throw nonZero(context, type, base + place, isRelative(type) ? value - base - place : value);
    }
    switch (type) {
      case R_X86_64_PC32: case R_X86_64_PLT32:
        view.setInt32(at, value - base - place, true);
        break;
      case R_X86_64_64: write64(view, at, value); break;
      case R_X86_64_PC64: write64(view, at, value - base - place); break;
      case R_X86_64_32S:
        if (value !== (value | 0)) throw overflow(context, type, value);
        view.setInt32(at, value, true);
        break;
      case R_X86_64_32:
        if (value !== value >>> 0) throw overflow(context, type, value);
        view.setUint32(at, value, true);
        break;
    }
  }
}

const isRelative = (type: number): boolean => type === R_X86_64_PC32 || type === R_X86_64_PLT32 || type === R_X86_64_PC64;

function write64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setInt32(at + 4, Math.floor(value / 4294967296), true);
}

/** The same for values beyond 2^52, modulo 2^64. */
function relocateSlowly(context: RelocationContext, relocations: ElfRelocations, i: number, place: Ptr): void {
  const type = relocations.type(i);
  const width = relocationWidth(type);
  const sum = context.values.big(relocations.symbol(i)) + relocations.addendBig(i);
  const value = BigInt.asIntN(64, isRelative(type) ? sum - BigInt(place) : sum);
  const before = width === 8 ? context.ram.readU64(place) : BigInt(context.ram.readU32(place));
  if (before !== 0n) throw nonZero(context, type, place, value);
  if (width === 8) context.ram.writeU64(place, value);
  else {
    if (type === R_X86_64_32S && value !== BigInt.asIntN(32, value)) throw overflow(context, type, value);
    if (type === R_X86_64_32 && value !== BigInt.asUintN(32, value)) throw overflow(context, type, value);
    context.ram.writeU32(place, Number(BigInt.asUintN(32, value)));
  }
}

const hex = (value: number | bigint): string => (typeof value === 'bigint' ? BigInt.asUintN(64, value) : BigInt.asUintN(64, BigInt(value))).toString(16);

function nonZero(context: RelocationContext, type: number, place: Ptr, value: number | bigint): Error {
  const words = context.isStrict ? 'Invalid relocation target' : 'Skipping invalid relocation target';
  return context.report.refuse('ENOEXEC', KERN_ERR, `module: x86/modules: ${words}, existing value is nonzero for type ${type}, loc ${context.hashPointer(place)}, val ${hex(value)}`);
}
function overflow(context: RelocationContext, type: number, value: number | bigint): Error {
  context.report.issue(KERN_ERR, `module: overflow in relocation type ${type} val ${hex(value)}`);
  return context.report.refuse('ENOEXEC', KERN_ERR, `module: \`${context.moduleName}' likely not compiled with -mcmodel=kernel`);
}
const unknownType = (context: RelocationContext, type: number): Error =>
  context.report.refuse('ENOEXEC', KERN_ERR, `module: ${context.moduleName}: Unknown rela relocation: ${type}`);

/** Differs from Linux: places and symbols outside their tables are refused, where Linux writes wherever they point. */
const outside = (context: RelocationContext, section: ElfSection, i: number): Error =>
  context.report.refuse('ENOEXEC', KERN_ERR, `${context.moduleName}: relocation ${i} of section ${section.index} lies outside its section or symbol table`);

