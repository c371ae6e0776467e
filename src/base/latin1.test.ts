import { expect, it } from 'vitest';
import { latin1, latin1z } from './latin1.ts';

const all = Uint8Array.from({ length: 10_000 }, (_, i) => i & 255);

it.each([0, 1, 16, 17, 4096, 4097, 10_000])('keeps every byte of %i', (length) => {
  const text = latin1(all, 0, length);
  expect(text.length).toBe(length);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== (i & 255)) throw new Error(`character ${i}`);
});
it('ends at NUL or at the limit', () => {
  const bytes = Uint8Array.of(65, 66, 0, 67, 68);
  expect([latin1z(bytes, 0), latin1z(bytes, 3), latin1z(bytes, 3, 4), latin1z(bytes, 9)]).toEqual(['AB', 'CD', 'C', '']);
});
