// Unpacks .xz (The .xz File Format 1.1.0) synchronously: LZMA2 and the x86 branch filter, which is what kernels, their modules and
// Debian packages use. Headers and CRC-32 checks are verified; CRC-64 and SHA-256 checks of the content are not.

import { crc32 } from './crc32.ts';
import { LzmaDecoder, UnpackError } from './lzma.ts';
import { undoX86Filter } from './x86-filter.ts';

const STREAM_HEADER = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const STREAM_HEADER_SIZE = 12;
const FILTER_X86 = 4;
const FILTER_LZMA2 = 0x21;
/** Size of the check that ends a block, by check type. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CHECK_CRC32 = 1;

export const isXz = (bytes: Uint8Array): boolean => STREAM_HEADER.every((byte, i) => bytes[i] === byte);

/** Says from the output so far whether the rest is wanted. */
export type Enough = (output: Uint8Array) => boolean;

/** The content of the first stream; trailing bytes are ignored. With `enough`, its beginning. */
export function unpackXz(bytes: Uint8Array, enough: Enough = () => false): Uint8Array {
  if (!isXz(bytes)) throw new UnpackError('xz: no xz magic');
  if (bytes.length < STREAM_HEADER_SIZE) throw cutOff();
  const check = bytes[7]! & 0xf;
  if (crc32(bytes.subarray(6, 8)) !== word(bytes, 8)) throw new UnpackError('xz: the stream header is corrupt');
  const decoder = new LzmaDecoder();
  let at = STREAM_HEADER_SIZE;
  // A zero byte where a block's header size would be begins the index, which is not needed.
  while (bytes[at] !== 0) {
    if (at >= bytes.length) throw cutOff();
    const { size, hasX86Filter } = readBlockHeader(bytes, at);
    const start = decoder.length;
    const { next, isStopped } = decodeLzma2(bytes, at + size, decoder, hasX86Filter ? () => false : enough);
    if (isStopped) break;
    const content = decoder.out.subarray(start, decoder.length);
    if (hasX86Filter) undoX86Filter(content);
    const checkAt = next + ((4 - ((next - at) & 3)) & 3);
    if (checkAt + CHECK_SIZES[check]! > bytes.length) throw cutOff();
    if (check === CHECK_CRC32 && crc32(content) !== word(bytes, checkAt)) throw new UnpackError('xz: the content is corrupt');
    at = checkAt + CHECK_SIZES[check]!;
  }
  return decoder.out.subarray(0, decoder.length);
}

function readBlockHeader(bytes: Uint8Array, at: number): { size: number; hasX86Filter: boolean } {
  const size = (bytes[at]! + 1) * 4;
  if (at + size > bytes.length) throw cutOff();
  if (crc32(bytes.subarray(at, at + size - 4)) !== word(bytes, at + size - 4)) throw new UnpackError('xz: a block header is corrupt');
  const flags = bytes[at + 1]!;
  let next = at + 2;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[next++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 || scale > 2 ** 49) return value;
    }
  };
  if (flags & 0x40) number();
  if (flags & 0x80) number();
  const filters: number[] = [];
  for (let i = 0; i <= (flags & 3); i++) {
    filters.push(number());
    const propertiesSize = number();
    next += propertiesSize;
  }
  const hasX86Filter = filters[0] === FILTER_X86;
  if (filters.length !== (hasX86Filter ? 2 : 1) || filters.at(-1) !== FILTER_LZMA2) throw new UnpackError(`xz: filters ${filters.join(', ')} are not supported`);
  return { size, hasX86Filter };
}

/** The chunks of an LZMA2 stream. Control byte: 0 end, 1 and 2 stored, 0x80.. packed with resets of state, properties, window. */
function decodeLzma2(bytes: Uint8Array, at: number, decoder: LzmaDecoder, enough: Enough): { next: number; isStopped: boolean } {
  for (;;) {
    const control = bytes[at];
    if (control === undefined) throw cutOff();
    if (control === 0) return { next: at + 1, isStopped: false };
    if (control === 1 || control >= 0xe0) decoder.resetWindow();
    const size = ((bytes[at + 1]! << 8) | bytes[at + 2]!) + 1;
    if (control < 0x80) {
      if (control > 2) throw new UnpackError('xz: the data is corrupt');
      if (at + 3 + size > bytes.length) throw cutOff();
      decoder.copy(bytes.subarray(at + 3, at + 3 + size));
      at += 3 + size;
    } else {
      const packedSize = ((bytes[at + 3]! << 8) | bytes[at + 4]!) + 1;
      const hasProperties = control >= 0xc0;
      const start = at + (hasProperties ? 6 : 5);
      if (start + packedSize > bytes.length) throw cutOff();
      if (hasProperties) decoder.setProperties(bytes[at + 5]!);
      else if (control >= 0xa0) decoder.resetState();
      decoder.decode(bytes.subarray(start, start + packedSize), ((control & 0x1f) << 16) + size);
      at = start + packedSize;
    }
    if (enough(decoder.out.subarray(0, decoder.length))) return { next: at, isStopped: true };
  }
}

const word = (bytes: Uint8Array, at: number): number => (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
const cutOff = (): UnpackError => new UnpackError('xz: the data is cut off');
