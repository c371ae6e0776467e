import { expect, test } from 'vitest';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { AbiError } from '../abi.ts';
import { encodeStrings, StringTable } from './string-table.ts';

const WORDS = ['', 'a', '_', '__', 'list', 'list_head', 'Z', '\xff', 'x'.repeat(130), 'x'.repeat(131), 'x'.repeat(300)];
/** Names that share beginnings in every way, over many blocks. */
const texts = new Set(WORDS.flatMap((first) => WORDS.flatMap((second) => [first + second, `${first}1${second}`, `${first}~${second}`])));
const { blocks, strings, numbers } = encodeStrings(texts);
const table = new StringTable(blocks, strings);

test('every string by number and by text', () => {
  expect(numbers.size).toBe(texts.size);
  for (const [text, number] of numbers) {
    expect(table.text(number)).toBe(text);
    expect(table.find(text)).toBe(number);
  }
});

test('numbers sort as the strings do, and the empty one is 0', () => {
  expect([...numbers.keys()]).toEqual([...texts].sort());
  expect(table.find('')).toBe(0);
});

test('what is not there', () => {
  for (const text of texts) for (const other of [`${text}!`, `${text}\xfe`, text.slice(0, -1), `!${text}`]) if (!texts.has(other)) expect(table.find(other), other).toBe(-1);
  expect(() => table.text(numbers.size + 16)).toThrow(AbiError);
  expect(new StringTable(new Uint8Array(), new Uint8Array()).find('a')).toBe(-1);
});

test('every exported symbol of the shipped kernel is found by its name', () => {
  const abi = loadDefaultAbi();
  const symbols = [...abi.exportedSymbols()];
  expect(symbols.length).toBeGreaterThan(10_000);
  for (const symbol of symbols) {
    expect(abi.exportedSymbol(symbol.name)).toEqual(symbol);
    expect(abi.exportedSymbol(`${symbol.name}\x01`)).toBeUndefined();
  }
});
