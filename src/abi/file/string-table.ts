// The sorted, front-coded string table of the ABI file: by number to text, by text to number. See format.ts.

import { AbiError } from '../abi.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { STRINGS_PER_BLOCK } from './format.ts';

/** No name of a kernel is longer by far. */
const MAX_LENGTH = 0x4000;

export interface EncodedStrings { readonly blocks: Uint8Array; readonly strings: Uint8Array; readonly numbers: ReadonlyMap<string, number> }

/** Sorts and encodes; the empty string is always number 0. */
export function encodeStrings(texts: Iterable<string>): EncodedStrings {
  const sorted = [...new Set(texts).add('')].sort((a, b) => (a < b ? -1 : 1));
  const blocks = new ByteWriter();
  const strings = new ByteWriter();
  for (const [number, text] of sorted.entries()) {
    if (text.length > MAX_LENGTH) throw new AbiError(`a name of ${text.length} characters is too long`);
    if (number % STRINGS_PER_BLOCK === 0) {
      blocks.u32(strings.length);
      strings.varint(text.length).text(text);
      continue;
    }
    const before = sorted[number - 1]!;
    let shared = 0;
    while (shared < before.length && before[shared] === text[shared]) shared++;
    strings.varint(shared).varint(text.length - shared).text(text.slice(shared));
  }
  return { blocks: blocks.take(), strings: strings.take(), numbers: new Map(sorted.map((text, number) => [text, number])) };
}

export class StringTable {
  readonly #blocks: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #nrBlocks: number;
  constructor(blocks: Uint8Array, bytes: Uint8Array) {
    this.#blocks = blocks;
    this.#bytes = bytes;
    this.#nrBlocks = Math.floor(blocks.length / 4);
  }

  text(number: number): string {
    const block = Math.floor(number / STRINGS_PER_BLOCK);
    if (block >= this.#nrBlocks) throw new AbiError(`ABI file: there is no string ${number}`);
    const reader = this.#open(block);
    let text = first(reader);
    for (let i = number % STRINGS_PER_BLOCK; i > 0; i--) text = following(reader, text);
    return text;
  }

  /** Number of a string, -1 if the table lacks it. */
  find(text: string): number {
    let low = 0;
    let high = this.#nrBlocks - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (first(this.#open(middle)) <= text) low = middle;
      else high = middle - 1;
    }
    if (this.#nrBlocks === 0) return -1;
    const reader = this.#open(low);
    let candidate = first(reader);
    for (let i = 0; i < STRINGS_PER_BLOCK; i++) {
      if (candidate === text) return low * STRINGS_PER_BLOCK + i;
      if (candidate > text || reader.at >= this.#bytes.length) return -1;
      if (i < STRINGS_PER_BLOCK - 1) candidate = following(reader, candidate);
    }
    return -1;
  }

  #open(block: number): ByteReader {
    const start = new ByteReader(this.#blocks, block * 4).u32();
    return new ByteReader(this.#bytes, start);
  }
}

const first = (reader: ByteReader): string => take(reader, reader.varint());
function following(reader: ByteReader, before: string): string {
  const shared = reader.varint();
  return before.slice(0, shared) + take(reader, reader.varint());
}
function take(reader: ByteReader, length: number): string {
  const end = reader.at + length;
  if (length > MAX_LENGTH || end > reader.bytes.length) throw new AbiError('ABI file: a string is cut off');
  const text = String.fromCharCode(...reader.bytes.subarray(reader.at, end));
  reader.at = end;
  return text;
}
