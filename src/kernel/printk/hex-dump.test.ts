import { expect, test } from 'vitest';
import { hexLayout, hexLine, hexLineLength } from './hex-dump.ts';

const letters = Uint8Array.from({ length: 64 }, (_, i) => 97 + (i % 26));
const line = (length: number, row: number, group: number, ascii: boolean): string => hexLine(letters.subarray(0, length), hexLayout(row, group, ascii));

test('lines as Linux 6.1 prints them', () => {
  expect(line(16, 16, 1, true)).toBe('61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70  abcdefghijklmnop');
  expect(line(4, 16, 1, true)).toBe('61 62 63 64                                      abcd');
  expect(line(32, 32, 4, true)).toBe('64636261 68676665 6c6b6a69 706f6e6d 74737271 78777675 62617a79 66656463  abcdefghijklmnopqrstuvwxyzabcdef');
  expect(line(8, 32, 4, true)).toBe('64636261 68676665                                                        abcdefgh');
  expect(line(16, 16, 8, false)).toBe('6867666564636261 706f6e6d6c6b6a69');
  expect(line(4, 16, 8, false)).toBe('61 62 63 64');
  expect(line(16, 16, 2, true)).toBe('6261 6463 6665 6867 6a69 6c6b 6e6d 706f  abcdefghijklmnop');
  expect(line(20, 7, 3, true)).toBe('61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70  abcdefghijklmnop');
  expect(hexLine(Uint8Array.from([0x00, 0x41, 0x7f, 0xe9, 0x20]), hexLayout(16, 1, true))).toMatch(/ \.A\.\. $/);
});

test('the length of the whole line', () => {
  const length = (bytes: number, group: number): number => hexLineLength(bytes, hexLayout(16, group, true));
  expect([length(20, 1), length(16, 4), length(0, 4), length(5, 4)]).toEqual([65, 53, 0, 54]);
  expect(hexLineLength(16, hexLayout(16, 4, false))).toBe(35);
});
