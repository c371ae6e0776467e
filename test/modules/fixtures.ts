// The checked-in module files that tests load, and transcripts of real Linux beside them.

import { readFileSync } from 'node:fs';
import { ElfEditor } from './elf-editor.ts';
import { abi612 } from './abi-6.12.ts';
import { ROOT } from './root.ts';
import { abi61, FakeKernel, type FakeOptions } from './fake-kernel.ts';

export type Series = '6.1' | '6.12';
const folder = new URL('test/fixtures/', ROOT);

export const moduleFile = (name: 'kitchen' | 'guest' | 'types', series: Series = '6.1'): Uint8Array => readFileSync(new URL(`${name}-${series}.ko`, folder));
export const transcript = (name: string, series: Series = '6.1'): string => readFileSync(new URL(`${name}-${series}.linux.txt`, folder), 'latin1');
export const edit = (name: 'kitchen' | 'guest' | 'types', series: Series = '6.1'): ElfEditor => new ElfEditor(moduleFile(name, series));
export const kernelOf = (series: Series, options: FakeOptions = {}): FakeKernel => new FakeKernel({ abi: series === '6.1' ? abi61 : abi612, ...options });

/** `== title` sections of a transcript, as lines. */
export function sectionsOf(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('== ')) sections.set(line.slice(3), lines = []);
    else if (line !== '') lines?.push(line);
  }
  return sections;
}
