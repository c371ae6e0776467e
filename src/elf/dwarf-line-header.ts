// The head of one unit of .debug_line: parameters of its program, directories and files. DWARF 5 standard, 6.2.4; versions 2
// to 4 have the older tables.

import { type DwarfCursor, DwarfEnd } from './dwarf-cursor.ts';

/** Strings of .debug_line_str and .debug_str. `at` is the place of the reference, which a relocation may give a value. */
export interface DwarfStrings { string(section: '.debug_line_str' | '.debug_str', reference: number, at: number): string }

export interface LineHeader {
  readonly programStart: number;
  readonly end: number;
  readonly version: number;
  readonly addressSize: number;
  readonly minInstructionLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Number of operands by opcode, from 1. */
  readonly operandCounts: readonly number[];
  /** Paths by file index as the program counts them. */
  readonly files: readonly string[];
}

const LNCT_path = 1;
const LNCT_directory_index = 2;

/** DW_FORM codes that tables use. */
const FORM = { block: 0x09, data1: 0x0b, data2: 0x05, data4: 0x06, data8: 0x07, data16: 0x1e, string: 0x08, strp: 0x0e, udata: 0x0f, line_strp: 0x1f, strx: 0x1a } as const;

/** Reads the unit at the cursor, which must end where the section ends; leaves `cursor.end` at the end of the unit. */
export function readLineHeader(cursor: DwarfCursor, strings: DwarfStrings): LineHeader {
  const is64 = isDwarf64(cursor);
  const unitLength = is64.length;
  const end = cursor.at + unitLength;
  if (end > cursor.end) throw new DwarfEnd('unit longer than the section');
  cursor.end = end;
  const version = cursor.u16();
  if (version < 2 || version > 5) throw new DwarfEnd(`version ${version}`);
  const addressSize = version >= 5 ? cursor.u8() : 8;
  if (version >= 5) cursor.u8();
  const headerLength = cursor.offset(is64.is64);
  const programStart = cursor.at + headerLength;
  const minInstructionLength = cursor.u8();
  if (version >= 4) cursor.u8();
  cursor.u8();
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const operandCounts = [0];
  for (let opcode = 1; opcode < opcodeBase; opcode++) operandCounts.push(cursor.u8());
  if (lineRange === 0 || opcodeBase === 0 || programStart > end) throw new DwarfEnd('impossible header');
  const files = version >= 5 ? readTables(cursor, is64.is64, strings) : readOldTables(cursor);
  return { programStart, end, version, addressSize, minInstructionLength, lineBase, lineRange, opcodeBase, operandCounts, files };
}

function isDwarf64(cursor: DwarfCursor): { is64: boolean; length: number } {
  const length = cursor.u32();
  if (length < 0xffff_fff0) return { is64: false, length };
  if (length !== 0xffff_ffff) throw new DwarfEnd('reserved unit length');
  return { is64: true, length: cursor.u64() };
}

interface TableEntry { readonly path: string; readonly directory: number }

function readTables(cursor: DwarfCursor, is64: boolean, strings: DwarfStrings): string[] {
  const directories = readTable(cursor, is64, strings);
  return readTable(cursor, is64, strings).map(({ path, directory }) => join(directories[directory]?.path ?? '', path));
}

function readTable(cursor: DwarfCursor, is64: boolean, strings: DwarfStrings): TableEntry[] {
  const formats = Array.from({ length: cursor.u8() }, () => [cursor.uleb(), cursor.uleb()] as const);
  const count = cursor.uleb();
  if (formats.length === 0 && count > 0) throw new DwarfEnd('entries without content');
  const entries: TableEntry[] = [];
  for (let i = 0; i < count; i++) {
    let path = '';
    let directory = 0;
    for (const [content, form] of formats) {
      const value = readForm(cursor, form, is64, strings);
      if (content === LNCT_path) path = String(value);
      else if (content === LNCT_directory_index) directory = Number(value);
    }
    entries.push({ path, directory });
  }
  return entries;
}

function readForm(cursor: DwarfCursor, form: number, is64: boolean, strings: DwarfStrings): string | number {
  const { at } = cursor;
  switch (form) {
    case FORM.string: return cursor.string();
    case FORM.line_strp: return strings.string('.debug_line_str', cursor.offset(is64), at);
    case FORM.strp: return strings.string('.debug_str', cursor.offset(is64), at);
    case FORM.udata:
    case FORM.strx: return cursor.uleb();
    case FORM.data1: return cursor.u8();
    case FORM.data2: return cursor.u16();
    case FORM.data4: return cursor.u32();
    case FORM.data8: return cursor.u64();
    case FORM.data16: cursor.skip(16); return 0;
    case FORM.block: cursor.skip(cursor.uleb()); return 0;
    default: throw new DwarfEnd(`form 0x${form.toString(16)}`);
  }
}

/** Versions 2 to 4 count both tables from 1; directory 0 is that of the compilation, which .debug_info names. */
function readOldTables(cursor: DwarfCursor): string[] {
  const directories = [''];
  for (let name = cursor.string(); name !== ''; name = cursor.string()) directories.push(name);
  const files = [''];
  for (let name = cursor.string(); name !== ''; name = cursor.string()) {
    files.push(join(directories[cursor.uleb()] ?? '', name));
    cursor.uleb();
    cursor.uleb();
  }
  return files;
}

const join = (directory: string, name: string): string => (directory === '' || name.startsWith('/') ? name : `${directory}/${name}`);
