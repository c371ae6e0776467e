import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KERNEL_BASE } from '../../base/ptr.ts';
import { Ram } from '../../base/ram.ts';
import { ListedArguments } from '../exports/va-list.ts';
import { scanText } from './scan.ts';

const V = KERNEL_BASE + 0x10000;
const A = V + 0x100;
const B = V + 0x200;

const places: Readonly<Record<string, number>> = { v: V, 'v+1': V + 8, 'v+2': V + 16, 'v+3': V + 24, a: A, 'a+1': A + 1, b: B };
const fromC = (text: string): string => text.replace(/\\(x[\da-f]{2}|.)/g, (_, c: string) => (c.startsWith('x') ? String.fromCharCode(Number.parseInt(c.slice(1), 16)) : ({ t: '\t', n: '\n' }[c] ?? c)));

const rows = readFileSync(new URL('testdata/scanf.txt', import.meta.url), 'latin1').split('\n').filter((line) => line && !line.startsWith('#'));

for (const row of rows) {
  test(row, () => {
    const [call, result] = row.split(' => ') as [string, string];
    const strings = [...call.matchAll(/"((?:[^"\\]|\\.)*)"(?: "((?:[^"\\]|\\.)*)")?/g)].map((m) => fromC(m[1]! + (m[2] ?? '')));
    const args = call.slice(call.lastIndexOf('"') + 1).split(',').map((arg) => arg.trim()).filter(Boolean).map((arg) => places[arg]!);
    const ram = new Ram(1 << 20);
    ram.fill(V, 32, 0xaa);
    ram.fill(A, 63, 0x23);
    ram.fill(B, 63, 0x23);
    const stored = scanText(ram, strings[0]!, strings[1]!, new ListedArguments(args));
    const words = [0, 8, 16, 24].map((at) => ram.readU64(V + at).toString(16)).join(' ');
    expect(`${stored} | ${words} | ${ram.cstring(A, 12)} | ${ram.cstring(B, 12)}`).toBe(result);
  });
}
