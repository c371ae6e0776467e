// Lines of hexadecimal bytes or little-endian words, with the characters beside them. Linux: lib/hexdump.c.

import { isPrintable } from './format-bytes.ts';

export interface HexLayout {
  /** 16 or 32. */
  readonly rowBytes: number;
  /** 1, 2, 4 or 8. */
  readonly groupBytes: number;
  readonly ascii: boolean;
}

/** A row of anything but 32 bytes is one of 16; a group must be a power of two up to 8. */
export function hexLayout(rowBytes: number, groupBytes: number, ascii: boolean): HexLayout {
  const isGroup = groupBytes === 2 || groupBytes === 4 || groupBytes === 8;
  return { rowBytes: rowBytes === 32 ? 32 : 16, groupBytes: isGroup ? groupBytes : 1, ascii };
}

/** One line, at most a row's worth of `bytes`; bytes that do not fill the last group are shown singly. */
export function hexLine(bytes: Uint8Array, layout: HexLayout): string {
  const shown = bytes.subarray(0, layout.rowBytes);
  const group = shown.length % layout.groupBytes === 0 ? layout.groupBytes : 1;
  const words: string[] = [];
  for (let at = 0; at < shown.length; at += group) {
    words.push(Array.from(shown.subarray(at, at + group)).reverse().map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  }
  const hex = words.join(' ');
  if (!layout.ascii || shown.length === 0) return hex;
  const column = layout.rowBytes * 2 + layout.rowBytes / group + 1;
  return hex.padEnd(column) + Array.from(shown, asciiChar).join('');
}

/** A row that cannot be read, as a terminal shows it: control bytes and everything beyond ASCII are dots. */
const asciiChar = (byte: number): string => (byte < 0x80 && isPrintable(byte) ? String.fromCharCode(byte) : '.');

/** Length that the whole line would have: what hex_dump_to_buffer() returns for a short buffer. */
export function hexLineLength(length: number, layout: HexLayout): number {
  const shown = Math.min(length, layout.rowBytes);
  if (shown === 0) return 0;
  const group = shown % layout.groupBytes === 0 ? layout.groupBytes : 1;
  return layout.ascii ? layout.rowBytes * 2 + layout.rowBytes / group + 1 + shown : (group * 2 + 1) * (shown / group) - 1;
}
