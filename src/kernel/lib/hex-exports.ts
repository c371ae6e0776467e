// Hexadecimal text, base64, UUIDs. Linux: lib/hexdump.c, lib/base64.c, lib/uuid.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { data, type ExportTable, fn } from '../exports/define.ts';
import type { RandomSource } from './random.ts';

const EINVAL = 22;
const HEX = '0123456789abcdef';

export function hexExports(ram: Ram, random: RandomSource): ExportTable {
  return { ...hexTextExports(ram), ...base64Exports(ram), ...uuidExports(ram, random) };
}

const digit = (code: number): number => {
  const value = HEX.indexOf(String.fromCharCode(code).toLowerCase());
  return code === 0 ? -1 : value;
};

function hexTextExports(ram: Ram): ExportTable {
  return {
    hex_to_bin: fn('hex_to_bin', (ch: number) => digit(ch & 0xff)),
    hex2bin: fn('hex2bin', (dest: Ptr, src: Ptr, count: number) => {
      for (let i = 0; i < count; i++) {
        const high = digit(ram.readU8(src + i * 2));
        if (high < 0) return -EINVAL;
        const low = digit(ram.readU8(src + i * 2 + 1));
        if (low < 0) return -EINVAL;
        ram.writeU8(dest + i, (high << 4) | low);
      }
      return 0;
    }),
    bin2hex: fn('bin2hex', (dest: Ptr, src: Ptr, count: number) => {
      const bytes = count === 0 ? [] : ram.bytes(src, count).slice();
      bytes.forEach((byte, i) => {
        ram.writeU8(dest + i * 2, HEX.charCodeAt(byte >> 4));
        ram.writeU8(dest + i * 2 + 1, HEX.charCodeAt(byte & 15));
      });
      return dest + count * 2;
    }),
  };
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Without padding. */
function base64Exports(ram: Ram): ExportTable {
  return {
    base64_encode: fn('base64_encode', (src: Ptr, length: number, dest: Ptr) => {
      let bits = 0;
      let held = 0;
      let at = 0;
      for (let i = 0; i < length; i++) {
        held = ((held << 8) | ram.readU8(src + i)) & 0xffff;
        for (bits += 8; bits >= 6;) {
          bits -= 6;
          ram.writeU8(dest + at++, BASE64.charCodeAt((held >> bits) & 63));
        }
      }
      if (bits > 0) ram.writeU8(dest + at++, BASE64.charCodeAt((held << (6 - bits)) & 63));
      return at;
    }),
    base64_decode: fn('base64_decode', (src: Ptr, length: number, dest: Ptr) => {
      let bits = 0;
      let held = 0;
      let at = 0;
      for (let i = 0; i < length; i++) {
        const value = BASE64.indexOf(String.fromCharCode(ram.readU8(src + i)));
        if (value < 0) return -1;
        held = ((held << 6) | value) & 0xffff;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        ram.writeU8(dest + at++, (held >> bits) & 0xff);
      }
      return (held & ((1 << bits) - 1)) !== 0 ? -1 : at;
    }),
  };
}

/** Bytes of the text form in memory order: a guid has its first three fields little endian. */
const UUID_ORDER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
const UUID_LENGTH = 36;
const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

function uuidExports(ram: Ram, random: RandomSource): ExportTable {
  /** Version 4, variant DCE 1.1; `versionByte` is where the version lies in memory. */
  const generate = (at: Ptr, versionByte: number): void => {
    ram.writeBytes(at, random.bytes(16));
    ram.writeU8(at + versionByte, (ram.readU8(at + versionByte) & 0x0f) | 0x40);
    ram.writeU8(at + 8, (ram.readU8(at + 8) & 0x3f) | 0x80);
  };
  const text = (s: Ptr): string | undefined => PATTERN.exec(ram.cstring(s, UUID_LENGTH))?.[0];
  const parse = (s: Ptr, at: Ptr, order: readonly number[]): number => {
    const digits = text(s)?.replaceAll('-', '');
    if (digits === undefined) return -EINVAL;
    order.forEach((position, i) => { ram.writeU8(at + position, Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16)); });
    return 0;
  };
  return {
    uuid_gen: fn('uuid_gen', (at: Ptr) => generate(at, 6)),
    guid_gen: fn('guid_gen', (at: Ptr) => generate(at, 7)),
    generate_random_uuid: fn('generate_random_uuid', (at: Ptr) => generate(at, 6)),
    generate_random_guid: fn('generate_random_guid', (at: Ptr) => generate(at, 7)),
    uuid_is_valid: fn('uuid_is_valid', (s: Ptr) => text(s) !== undefined),
    uuid_parse: fn('uuid_parse', (s: Ptr, at: Ptr) => parse(s, at, UUID_ORDER)),
    guid_parse: fn('guid_parse', (s: Ptr, at: Ptr) => parse(s, at, GUID_ORDER)),
    uuid_null: data(16),
    guid_null: data(16),
  };
}
