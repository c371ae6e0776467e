// The sorted, front-coded string table of the ABI file: by number to text, by text to number. See format.ts. Lookups compare
// bytes where they lie and make no strings: at start-up this code runs cold.

import { AbiError } from '../abi.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { BLOCK_ENTRY, STRINGS_PER_BLOCK } from './format.ts';

/** No name of a kernel is longer by far. */
const MAX_LENGTH = 0x3fff;

export interface EncodedStrings { readonly blocks: Uint8Array; readonly strings: Uint8Array; readonly numbers: ReadonlyMap<string, number> }

/** Sorts and encodes; the empty string is always number 0. */
export function encodeStrings(texts: Iterable<string>): EncodedStrings {
  const sorted = [...new Set(texts).add('')].sort((a, b) => (a < b ? -1 : 1));
  const blocks = new ByteWriter();
  const strings = new ByteWriter();
  for (const [number, text] of sorted.entries()) {
    if (text.length > MAX_LENGTH) throw new AbiError(`a name of ${text.length} characters is too long`);
    if (number % STRINGS_PER_BLOCK === 0) {
      blocks.u24(strings.length);
      strings.varint(text.length).text(text);
      continue;
    }
    const before = sorted[number - 1]!;
    let shared = 0;
    while (shared < before.length && before[shared] === text[shared]) shared++;
    strings.varint(shared).varint(text.length - shared).text(text.slice(shared));
  }
  if (strings.length > 0xff_ffff) throw new AbiError('the names of this kernel do not fit an ABI file');
  return { blocks: blocks.take(), strings: strings.take(), numbers: new Map(sorted.map((text, number) => [text, number])) };
}

export class StringTable {
  readonly #blocks: ByteReader;
  readonly #strings: ByteReader;
  readonly #nrBlocks: number;
  /** The last text looked up: a symbol's CRC and prototype are asked for together. */
  #matched = 0;
  #lastText = '';
  #lastNumber = 0;

  constructor(blocks: Uint8Array, strings: Uint8Array) {
    this.#blocks = new ByteReader(blocks);
    this.#strings = new ByteReader(strings);
    this.#nrBlocks = Math.floor(blocks.length / BLOCK_ENTRY);
  }

  text(number: number): string {
    if (number === 0) return '';
    const block = Math.floor(number / STRINGS_PER_BLOCK);
    if (block >= this.#nrBlocks) throw new AbiError(`ABI file: there is no string ${number}`);
    const reader = this.#open(block);
    let text = this.#take(reader.varint());
    for (let i = number % STRINGS_PER_BLOCK; i > 0; i--) {
      const shared = reader.varint();
      text = text.slice(0, shared) + this.#take(reader.varint());
    }
    return text;
  }

  /** Number of a string, -1 if the table lacks it. */
  find(text: string): number {
    if (text !== this.#lastText) {
      this.#lastNumber = this.#nrBlocks > 0 ? this.#findInBlock(this.#blockOf(text), text) : -1;
      this.#lastText = text;
    }
    return this.#lastNumber;
  }

  /** The last block whose first string is not greater. Written without calls: half the time of a cold lookup is spent here. */
  #blockOf(text: string): number {
    const blocks = this.#blocks.bytes;
    const strings = this.#strings.bytes;
    let low = 0;
    let high = this.#nrBlocks - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const entry = middle * BLOCK_ENTRY;
      let at = blocks[entry]! | (blocks[entry + 1]! << 8) | (blocks[entry + 2]! << 16);
      let rest = strings[at]! < 0x80 ? strings[at]! : (strings[at]! & 0x7f) | (strings[++at]! << 7);
      let i = 0;
      while (rest > 0 && i < text.length && strings[++at] === text.charCodeAt(i)) { i++; rest--; }
      if (rest === 0 || (i < text.length && strings[at]! < text.charCodeAt(i))) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Walks a block and keeps how many characters of `text` the string in hand begins with. */
  #findInBlock(block: number, text: string): number {
    const reader = this.#open(block);
    let matched = 0;
    for (let i = 0; i < STRINGS_PER_BLOCK && reader.at < reader.bytes.length; i++) {
      const shared = i === 0 ? 0 : reader.varint();
      const length = reader.varint();
      const next = reader.at + length;
      // A string that leaves its predecessor earlier than the text does sorts behind the text.
      if (shared < matched) return -1;
      if (shared === matched) {
        const order = this.#compare(length, text, matched);
        if (order === 0) return block * STRINGS_PER_BLOCK + i;
        if (order > 0) return -1;
        matched = this.#matched;
      }
      reader.at = next;
    }
    return -1;
  }

  #take(length: number): string {
    const { bytes, at } = this.#strings;
    if (length > MAX_LENGTH || at + length > bytes.length) throw new AbiError('ABI file: a string is cut off');
    this.#strings.at = at + length;
    return latin1(bytes.subarray(at, at + length));
  }

  /** Order of the next `length` bytes relative to `text` from character `from` on; #matched counts the equal characters of text. */
  #compare(length: number, text: string, from: number): number {
    const { bytes, at } = this.#strings;
    if (length > MAX_LENGTH || at + length > bytes.length) throw new AbiError('ABI file: a string is cut off');
    const nrCompared = Math.min(length, text.length - from);
    let i = 0;
    while (i < nrCompared && bytes[at + i] === text.charCodeAt(from + i)) i++;
    this.#matched = from + i;
    return i < nrCompared ? bytes[at + i]! - text.charCodeAt(from + i) : length - (text.length - from);
  }

  #open(block: number): ByteReader {
    this.#blocks.at = block * BLOCK_ENTRY;
    this.#strings.at = this.#blocks.u24();
    return this.#strings;
  }
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode.apply(null, bytes as unknown as number[]);
