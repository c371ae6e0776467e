// testdata/lines.c compiled with gcc -O2 -gdwarf-N and stripped of everything but its lines; the rows are those that readelf
// prints.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lineSourceOf } from './dwarf-elf.ts';
import { LineTable } from './dwarf-line.ts';
import { type Elf64, parseElf64 } from './elf64.ts';

const load = (name: string): Uint8Array => readFileSync(new URL(`testdata/${name}`, import.meta.url));

/** `file:line@offset` wherever the line changes along a section. */
function changes(elf: Elf64, table: LineTable, section: string): string[] {
  const { index, size } = elf.find(section)!;
  const rows: string[] = [];
  let before = '';
  for (let offset = 0; offset < size; offset++) {
    const found = table.find(index, offset);
    const text = found ? `${found.file.replace(/^.*\//, '')}:${found.line}` : '-';
    if (text !== before) rows.push(`${text}@${offset.toString(16)}`);
    before = text;
  }
  return rows;
}

const TEXT = 'lines.c:5@0 lines.c:4@a lines.c:6@10 lines.c:5@12 lines.c:7@19 lines.c:8@1e lines.c:10@24 lines.c:4@30 lines.c:10@32';

describe.each([2, 4, 5])('DWARF %d', (version) => {
  const elf = parseElf64(load(`lines-dwarf${version}.o`));
  const table = new LineTable(lineSourceOf(elf)!);
  test('lines of each section', () => {
    expect(changes(elf, table, '.text')).toEqual(TEXT.split(' '));
    expect(changes(elf, table, '.init.text')[0]).toBe('lines.c:14@0');
    expect(changes(elf, table, '.text.unlikely')[0]).toBe('lines.c:15@0');
  });
  test('outside of the code there is none', () => {
    expect(table.find(elf.find('.text')!.index, elf.find('.text')!.size)).toBeUndefined();
    expect(table.find(elf.find('.text')!.index, -1)).toBeUndefined();
    expect(table.find(99, 0)).toBeUndefined();
  });
});

test('a file without line information has no source', () => {
  const elf = parseElf64(load('lines-dwarf5.o'));
  const bare = { ...elf, find: () => undefined } as unknown as Elf64;
  expect(lineSourceOf(bare)).toBeUndefined();
});

describe('malformed data gives no line, no exception and no hang', () => {
  const elf = parseElf64(load('lines-dwarf5.o'));
  const source = lineSourceOf(elf)!;
  const good = source.content('.debug_line')!;
  const text = elf.find('.text')!.index;
  const findIn = (lines: Uint8Array) => new LineTable({ ...source, content: (name) => (name === '.debug_line' ? lines : source.content(name)) }).find(text, 0);

  test('cut short anywhere', () => {
    for (let length = 0; length < good.length; length++) findIn(good.slice(0, length));
    expect(findIn(good.slice(0, good.length - 1))).toBeUndefined();
  });
  test('any byte changed', () => {
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const changed = good.slice();
        changed[at] = value;
        findIn(changed);
      }
    }
  });
  test('strings and relocations missing', () => {
    expect(new LineTable({ content: (name) => (name === '.debug_line' ? good : undefined), relocationAt: source.relocationAt }).find(text, 0)).toBeUndefined();
    expect(new LineTable({ ...source, relocationAt: () => undefined }).find(text, 0)).toBeUndefined();
  });
  test('a bad unit does not hide the next', () => {
    const broken = good.slice();
    broken[4] = 9;
    const both = new Uint8Array(good.length * 2);
    both.set(broken);
    both.set(good, broken.length);
    const shifted = new LineTable({ content: (name) => (name === '.debug_line' ? both : source.content(name)), relocationAt: (offset) => source.relocationAt(offset - good.length) });
    expect(shifted.find(text, 0)).toEqual(new LineTable(source).find(text, 0));
  });
});
