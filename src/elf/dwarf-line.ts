// From code address to source line: the line number programs of .debug_line (DWARF 2 to 5), run once, when the first line is
// asked for. Sections of a relocatable file have no addresses yet, so code is named by section and offset. Whatever is malformed
// gives no line; it never throws and never hangs.

import { DwarfCursor, DwarfEnd } from './dwarf-cursor.ts';
import { type DwarfStrings, type LineHeader, readLineHeader } from './dwarf-line-header.ts';

export interface SourceLine { readonly file: string; readonly line: number }

/** Value of a relocated word: an offset into section `section`. */
export interface Relocated { readonly section: number; readonly offset: number }

/** Where the data comes from. Contents are as in the file: relocations are applied while reading. */
export interface LineSource {
  /** Content of a section, undefined where the file has none. */
  content(name: '.debug_line' | '.debug_line_str' | '.debug_str'): Uint8Array | undefined;
  /** The relocation at an offset of .debug_line. */
  relocationAt(offset: number): Relocated | undefined;
}

/** Section of addresses that no relocation places: those of an executable. */
export const ABSOLUTE = -1;

/** Rows of one sequence: addresses rise; row i covers the code up to the address of row i + 1. */
interface Sequence { readonly section: number; readonly start: number; readonly end: number; readonly from: number; readonly to: number }

export class LineTable {
  readonly #source: LineSource;
  #isRead = false;
  readonly #sequences: Sequence[] = [];
  readonly #addresses: number[] = [];
  readonly #lines: number[] = [];
  readonly #files: number[] = [];
  readonly #paths: string[] = [];
  readonly #pathNumbers = new Map<string, number>();

  constructor(source: LineSource) { this.#source = source; }

  /** The line of the code at `offset` of section `section`. */
  find(section: number, offset: number): SourceLine | undefined {
    this.#read();
    const sequence = this.#sequences.find((one) => one.section === section && offset >= one.start && offset < one.end);
    if (!sequence) return undefined;
    let low = sequence.from;
    let high = sequence.to - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#addresses[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    // Line 0: code that belongs to no line.
    const line = this.#lines[low]!;
    const file = this.#paths[this.#files[low]!];
    return line === 0 || file === undefined || file === '' ? undefined : { file, line };
  }

  #read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    const content = this.#source.content('.debug_line');
    if (!content) return;
    for (let at = 0; at < content.length;) {
      const cursor = new DwarfCursor(content, at);
      const next = unitEnd(content, at);
      try {
        this.#runUnit(cursor);
      } catch (error) {
        if (!(error instanceof DwarfEnd)) throw error;
      }
      if (next === undefined) return;
      at = next;
    }
  }

  #runUnit(cursor: DwarfCursor): void {
    const header = readLineHeader(cursor, this.#strings());
    cursor.at = header.programStart;
    const fileNumbers = header.files.map((path) => this.#pathNumber(path));
    while (cursor.at < header.end) this.#runSequence(cursor, header, fileNumbers);
  }

  /** Rows up to an end_sequence, which become searchable if they are in order. */
  #runSequence(cursor: DwarfCursor, header: LineHeader, fileNumbers: readonly number[]): void {
    const state = new LineState(header);
    const from = this.#addresses.length;
    let isSorted = true;
    let previous = Number.NEGATIVE_INFINITY;
    while (cursor.at < header.end) {
      const event = state.step(cursor, (at) => this.#source.relocationAt(at));
      if (event === 'none') continue;
      isSorted &&= state.address >= previous;
      previous = state.address;
      if (event === 'end') {
        const isUsable = isSorted && this.#addresses.length > from;
        if (isUsable) this.#sequences.push({ section: state.section, start: this.#addresses[from]!, end: state.address, from, to: this.#addresses.length });
        else this.#truncate(from);
        return;
      }
      this.#addresses.push(state.address);
      this.#lines.push(state.line);
      this.#files.push(fileNumbers[state.file] ?? -1);
    }
    this.#truncate(from);
  }
  #truncate(length: number): void {
    this.#addresses.length = length;
    this.#lines.length = length;
    this.#files.length = length;
  }

  #pathNumber(path: string): number {
    const known = this.#pathNumbers.get(path);
    if (known !== undefined) return known;
    const number = this.#paths.push(path) - 1;
    this.#pathNumbers.set(path, number);
    return number;
  }

  #strings(): DwarfStrings {
    return {
      string: (section, reference, at) => {
        const content = this.#source.content(section);
        const offset = this.#source.relocationAt(at)?.offset ?? reference;
        if (!content || offset >= content.length) throw new DwarfEnd('string outside its section');
        return new DwarfCursor(content, offset).string();
      },
    };
  }
}

/** Where the unit at `at` ends; undefined when nothing can follow it. */
function unitEnd(content: Uint8Array, at: number): number | undefined {
  try {
    const cursor = new DwarfCursor(content, at);
    const length = cursor.u32();
    const end = length === 0xffff_ffff ? at + 12 + cursor.u64() : at + 4 + length;
    return end > at + 4 && end <= content.length ? end : undefined;
  } catch {
    return undefined;
  }
}

/** Standard and extended opcodes. */
const LNS = { copy: 1, advance_pc: 2, advance_line: 3, set_file: 4, set_column: 5, const_add_pc: 8, fixed_advance_pc: 9, set_isa: 12 } as const;
const LNE = { end_sequence: 1, set_address: 2 } as const;

/** Registers of the line number machine, at the start of a sequence. */
class LineState {
  section = ABSOLUTE;
  address = 0;
  file = 1;
  line = 1;
  readonly #header: LineHeader;
  constructor(header: LineHeader) { this.#header = header; }

  /** Runs one instruction. 'row': the registers describe a row; 'end': they end the sequence. */
  step(cursor: DwarfCursor, relocationAt: LineSource['relocationAt']): 'none' | 'row' | 'end' {
    const { opcodeBase, lineBase, lineRange, minInstructionLength } = this.#header;
    const opcode = cursor.u8();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      this.address += Math.floor(adjusted / lineRange) * minInstructionLength;
      this.line += lineBase + (adjusted % lineRange);
      return 'row';
    }
    switch (opcode) {
      case 0: return this.#extended(cursor, relocationAt);
      case LNS.copy: return 'row';
      case LNS.advance_pc: this.address += cursor.uleb() * minInstructionLength; break;
      case LNS.advance_line: this.line += cursor.sleb(); break;
      case LNS.set_file: this.file = cursor.uleb(); break;
      case LNS.const_add_pc: this.address += Math.floor((255 - opcodeBase) / lineRange) * minInstructionLength; break;
      case LNS.fixed_advance_pc: this.address += cursor.u16(); break;
      default:
        for (let operands = this.#header.operandCounts[opcode]!; operands > 0; operands--) cursor.uleb();
    }
    return 'none';
  }

  #extended(cursor: DwarfCursor, relocationAt: LineSource['relocationAt']): 'none' | 'end' {
    const length = cursor.uleb();
    if (length === 0) return 'none';
    const next = cursor.at + length;
    const opcode = cursor.u8();
    if (opcode === LNE.set_address) {
      const relocated = relocationAt(cursor.at);
      this.address = relocated ? relocated.offset : cursor.unsigned(length - 1);
      this.section = relocated ? relocated.section : ABSOLUTE;
    }
    cursor.skip(next - cursor.at);
    return opcode === LNE.end_sequence ? 'end' : 'none';
  }
}
