// Where the sections of a module go (spec 2.4). 6.1 has two regions, core and init, each with text, read-only data, data that is
// read-only after init, and data behind each other; 6.12 has seven areas. Sizes are the ones Linux computes, symbol tables at
// the end included, because /proc/modules and sysfs show them.
//
// Differs from Linux: the read-only part and the writable part of a region are two allocations, since RAM has one read-only
// zone. Data that is read-only after init lies in that zone from the start; stores to it are let through until init has returned.

import { alignUp, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_LORESERVE, SHN_UNDEF, SYM_SIZE } from '../../elf/constants.ts';
import type { ElfSection } from '../../elf/elf64.ts';
import type { ModuleSpace } from '../services.ts';
import type { ModuleFile } from './module-file.ts';
import { isInitSection, JUMP_TABLE, MODINFO, PER_CPU, RO_AFTER_INIT, VERSIONS } from './section-names.ts';

/** Bytes of `struct mod_kallsyms`, which Linux keeps behind the symbols of the init region. */
const MOD_KALLSYMS_SIZE = 32;

/** One region of 6.1 or one area of 6.12. Offsets below `zoneSize` lie in the read-only zone. */
export class Area {
  readonly name: string;
  readonly isInit: boolean;
  size = 0;
  textSize = 0;
  readOnlySize = 0;
  /** End of what becomes read-only after init. */
  roAfterInitSize = 0;
  zoneSize = 0;
  readOnlyBase: Ptr = 0;
  writableBase: Ptr = 0;
  constructor(name: string, isInit: boolean) {
    this.name = name;
    this.isInit = isInit;
  }
  address(offset: number): Ptr { return offset < this.zoneSize ? this.readOnlyBase + offset : this.writableBase + (offset - this.zoneSize); }
  get base(): Ptr { return this.zoneSize > 0 ? this.readOnlyBase : this.writableBase; }
  contains(address: Ptr): boolean {
    return (address >= this.readOnlyBase && address < this.readOnlyBase + this.zoneSize)
      || (address >= this.writableBase && address < this.writableBase + this.size - this.zoneSize);
  }
  /** True for data that is read-only once init has returned. */
  isSealedAfterInit(address: Ptr): boolean { return address >= this.readOnlyBase + this.readOnlySize && address < this.readOnlyBase + this.zoneSize; }
  /** The allocation that holds `address`, which lies in the area. */
  partAt(address: Ptr): { readonly base: Ptr; readonly size: number; readonly isReadOnly: boolean } {
    return address >= this.readOnlyBase && address < this.readOnlyBase + this.zoneSize
      ? { base: this.readOnlyBase, size: this.zoneSize, isReadOnly: true }
      : { base: this.writableBase, size: this.size - this.zoneSize, isReadOnly: false };
  }
  /** False when memory is short; what was allocated is freed then. */
  allocate(space: ModuleSpace): boolean {
    if (this.zoneSize > 0) this.readOnlyBase = space.allocReadOnly(this.zoneSize);
    if (this.size > this.zoneSize) this.writableBase = space.allocWritable(this.size - this.zoneSize);
    const isDone = (this.zoneSize === 0 || this.readOnlyBase !== 0) && (this.size === this.zoneSize || this.writableBase !== 0);
    if (!isDone) this.free(space);
    return isDone;
  }
  free(space: ModuleSpace): void {
    if (this.readOnlyBase !== 0) space.free(this.readOnlyBase);
    if (this.writableBase !== 0) space.free(this.writableBase);
    this.readOnlyBase = this.writableBase = 0;
    this.size = this.textSize = this.readOnlySize = this.roAfterInitSize = this.zoneSize = 0;
  }
}

export interface Layout {
  readonly areas: readonly Area[];
  /** Index into `areas` by section, -1 for sections that are not loaded. */
  readonly areaOf: Int8Array;
  /** Offset in its area by section. */
  readonly offsetOf: Float64Array;
  /** Final address by section, 0 for those that are not loaded; filled by `placeSections`. */
  readonly addressOf: Float64Array;
  /** Symbols that stay once the module is live, by index in the file, in order. */
  readonly coreSymbols: readonly number[];
}

const isPowerOfTwo = (n: number): boolean => n > 0 && n <= 0x8000_0000 && (n & (n - 1)) === 0;

/** The kernel's ALIGN(), also for alignments that are no power of two, as a broken file may have them. */
function align(offset: number, alignment: number): number {
  if (alignment <= 1) return offset;
  if (isPowerOfTwo(alignment)) return alignUp(offset, alignment);
  const mask = BigInt(alignment) - 1n;
  return Number((BigInt(offset) + mask) & ~mask);
}

/** More than any machine here has: such a module ends with ENOMEM. */
export const isImpossible = (layout: Layout): boolean => layout.areas.some((area) => !(area.size < 0x4000_0000));

class Placement {
  readonly file: ModuleFile;
  readonly areaOf: Int8Array;
  readonly offsetOf: Float64Array;
  constructor(file: ModuleFile) {
    this.file = file;
    this.areaOf = new Int8Array(file.elf.sections.length).fill(-1);
    this.offsetOf = new Float64Array(file.elf.sections.length);
  }
  put(section: ElfSection, area: Area, areaIndex: number): void {
    const offset = align(area.size, section.alignment);
    this.areaOf[section.index] = areaIndex;
    this.offsetOf[section.index] = offset;
    area.size = offset + section.size;
  }
  /** Puts every loaded section that `accepts` and that has no place yet. */
  putAll(area: Area, areaIndex: number, accepts: (section: ElfSection, name: string) => boolean): void {
    const { elf, sectionNames } = this.file;
    for (let i = 1; i < elf.sections.length; i++) {
      const section = elf.sections[i]!;
      if ((section.flags & SHF_ALLOC) === 0 || this.areaOf[i] !== -1) continue;
      const name = sectionNames[i]!;
      if (isNotLoaded(name, section, this.file) || isInitSection(name) !== area.isInit) continue;
      if (accepts(section, name)) this.put(section, area, areaIndex);
    }
  }
}

/** .modinfo, __versions and the per-CPU template are read from the file; only the first section of each name is meant. */
const isNotLoaded = (name: string, section: ElfSection, file: ModuleFile): boolean =>
  (name === MODINFO || name === VERSIONS || name === PER_CPU) && file.section(name) === section;

const isExecutable = (section: ElfSection): boolean => (section.flags & SHF_EXECINSTR) !== 0;
const isReadOnly = (section: ElfSection): boolean => (section.flags & SHF_WRITE) === 0;
const isRoAfterInit = (_section: ElfSection, name: string): boolean => name === RO_AFTER_INIT || name === JUMP_TABLE;
const isAny = (): boolean => true;

const pageAlign = (size: number): number => alignUp(size, PAGE_SIZE);

function layOutTwoRegions(file: ModuleFile): Layout {
  const placement = new Placement(file);
  const areas = [new Area('core', false), new Area('init', true)] as const;
  areas.forEach((area, index) => {
    placement.putAll(area, index, isExecutable);
    area.textSize = area.size = pageAlign(area.size);
    placement.putAll(area, index, isReadOnly);
    area.readOnlySize = area.size = pageAlign(area.size);
    placement.putAll(area, index, isRoAfterInit);
    area.roAfterInitSize = area.zoneSize = area.size = pageAlign(area.size);
    placement.putAll(area, index, isAny);
    area.size = pageAlign(area.size);
  });
  return addSymbolTables(file, placement, areas, areas[0], areas[1], 1);
}

const AREAS_6_12 = ['text', 'data', 'rodata', 'ro_after_init', 'init text', 'init data', 'init rodata'] as const;

function layOutSevenAreas(file: ModuleFile): Layout {
  const placement = new Placement(file);
  const areas = AREAS_6_12.map((name) => new Area(name, name.startsWith('init')));
  const put = (index: number, accepts: (section: ElfSection, name: string) => boolean): void => placement.putAll(areas[index]!, index, accepts);
  put(0, isExecutable); put(2, isReadOnly); put(3, isRoAfterInit); put(1, isAny);
  put(4, isExecutable); put(6, isReadOnly); put(5, isAny);
  const layout = addSymbolTables(file, placement, areas, areas[1]!, areas[5]!, 5);
  for (const index of [0, 2, 4, 6]) areas[index]!.readOnlySize = areas[index]!.zoneSize = areas[index]!.size;
  areas[3]!.zoneSize = areas[3]!.size;
  areas[0]!.textSize = areas[0]!.size;
  areas[4]!.textSize = areas[4]!.size;
  return layout;
}

/** Makes room for the symbol tables: all symbols in the init part, those that stay in the core part. */
function addSymbolTables(file: ModuleFile, placement: Placement, areas: readonly Area[], core: Area, init: Area, initIndex: number): Layout {
  const { symbols, symbolSection, stringSection } = file;
  if (placement.areaOf[symbolSection.index] === -1) placement.put(symbolSection, init, initIndex);
  const isKept = coreSections(placement, areas, file);
  const keepAll = file.info.has('livepatch');
  const coreSymbols: number[] = [];
  let nameBytes = 0;
  for (let i = 0; i < symbols.count; i++) {
    if (i > 0 && !keepAll && !isCoreSymbol(file, i, isKept)) continue;
    coreSymbols.push(i);
    nameBytes += symbols.names.lengthAt(symbols.nameOffset(i)) + 1;
  }
  core.size = align(core.size, symbolSection.alignment) + coreSymbols.length * SYM_SIZE + nameBytes + coreSymbols.length;
  if (placement.areaOf[stringSection.index] === -1) placement.put(stringSection, init, initIndex);
  init.size = alignUp(init.size, 8) + MOD_KALLSYMS_SIZE + symbols.count;
  for (const area of areas) area.size = pageAlign(area.size);
  return { areas, areaOf: placement.areaOf, offsetOf: placement.offsetOf, addressOf: new Float64Array(file.elf.sections.length), coreSymbols };
}

/** 1 for each section whose symbols stay: loaded into a core area, or per-CPU. */
function coreSections(placement: Placement, areas: readonly Area[], file: ModuleFile): Uint8Array {
  const isKept = new Uint8Array(file.elf.sections.length);
  for (let i = 0; i < isKept.length; i++) {
    const area = areas[placement.areaOf[i]!];
    if ((area !== undefined && !area.isInit) || file.perCpu?.index === i) isKept[i] = 1;
  }
  return isKept;
}

function isCoreSymbol(file: ModuleFile, i: number, isKept: Uint8Array): boolean {
  const section = file.symbols.section(i);
  return section !== SHN_UNDEF && section < SHN_LORESERVE && section < isKept.length && file.symbols.nameOffset(i) !== 0 && isKept[section] === 1;
}

export const layOut = (file: ModuleFile, isSevenAreas: boolean): Layout => (isSevenAreas ? layOutSevenAreas(file) : layOutTwoRegions(file));

/** After the areas are allocated: computes every section's address. */
export function placeSections(layout: Layout): void {
  for (let i = 0; i < layout.areaOf.length; i++) {
    const area = layout.areas[layout.areaOf[i]!];
    layout.addressOf[i] = area === undefined ? 0 : area.address(layout.offsetOf[i]!);
  }
}
