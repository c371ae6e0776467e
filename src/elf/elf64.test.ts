import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ElfEditor } from '../../test/modules/elf-editor.ts';
import { ElfError, type ElfErrorKind, parseElf64 } from './elf64.ts';

const kitchen = readFileSync(new URL('../../test/fixtures/kitchen-6.1.ko', import.meta.url));
const edit = (): ElfEditor => new ElfEditor(kitchen);
const kindOf = (editor: ElfEditor): ElfErrorKind | undefined => {
  try {
    parseElf64(editor.bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ElfError) return error.kind;
    throw error;
  }
};

describe('parseElf64', () => {
  const elf = parseElf64(kitchen);
  it('finds sections by name', () => {
    expect(elf.find('.modinfo')?.type).toBe(1);
    expect(elf.find('.data..percpu')?.size).toBe(8);
    expect(elf.find('.nowhere')).toBeUndefined();
  });
  it('reads symbols where they lie', () => {
    const symbols = elf.symbols(elf.find('.symtab')!);
    const names = Array.from({ length: symbols.count }, (_, i) => symbols.name(i));
    expect(names).toContain('kitchen_one');
    const at = names.indexOf('kitchen_two');
    expect(symbols.type(at)).toBe(2);
    expect(elf.nameOf(elf.sections[symbols.section(at)]!)).toBe('.text');
    expect(symbols.value(at)).toBe(0x30);
    expect(symbols.binding(names.indexOf('kitchen_absent'))).toBe(2);
  });
  it('reads relocations', () => {
    const relocations = elf.relocations(elf.find('.rela.gnu.linkonce.this_module')!);
    expect([relocations.count, relocations.offset(0), relocations.type(0), relocations.offset(1)]).toEqual([2, 312, 1, 848]);
  });
  it('reads notes', () => {
    const notes = [...elf.notes()];
    expect(notes.map((note) => [note.section, note.name, note.type])).toContainEqual(['.note.gnu.build-id', 'GNU', 3]);
    expect(notes.find((note) => note.name === 'GNU')?.content.length).toBe(20);
  });
  it('reads segments of an executable', () => {
    const node = readFileSync(process.execPath).subarray(0, 64 * 1024);
    const header = new ElfEditor(node).header('shoff', 0).header('shnum', 0).header('shstrndx', 0);
    const segments = parseElf64(header.bytes).segments();
    expect(segments.some((segment) => segment.type === 1 && segment.memorySize >= segment.fileSize)).toBe(true);
  });

  it.each<[ElfErrorKind, (editor: ElfEditor) => ElfEditor]>([
    ['too-short', (e) => e.cut(63)],
    ['magic', (e) => e.set(0, 1, 0)],
    ['class', (e) => e.set(4, 1, 1)],
    ['byte-order', (e) => e.set(5, 1, 2)],
    ['section-entry-size', (e) => e.header('shentsize', 40)],
    ['section-table', (e) => e.header('shoff', 1n << 60n)],
    ['section-table', (e) => e.header('shnum', 0xfeff)],
    ['name-index', (e) => e.header('shstrndx', 999)],
    ['section-bounds', (e) => e.section('.text', 'size', 1n << 63n)],
    ['section-bounds', (e) => e.section('.text', 'offset', kitchen.length)],
    ['section-name', (e) => e.section('.text', 'name', 1 << 20)],
    ['section-0', (e) => e.section(0, 'type', 1)],
    ['string-table', (e) => e.section('.shstrtab', 'size', 3)],
    ['symbol-table', (e) => e.section('.symtab', 'link', 999)],
    ['symbol-table', (e) => e.section('.symtab', 'link', 1)],
    ['segment-table', (e) => e.set(54, 2, 56).set(56, 2, 9).set(32, 8, 1 << 30)],
  ])('reports %s', (kind, change) => {
    expect(kindOf(change(edit()))).toBe(kind);
  });
  it('gives empty names for offsets outside a string table', () => {
    expect(elf.sectionNames.at(1 << 30)).toBe('');
  });
});
