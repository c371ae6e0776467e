// Imports point one way: base <- abi, elf, wasm, ir, machine <- x86 <- cpu <- kernel <- checkers <- index <- testing, host, cli,
// playground. Inside kernel/ a subsystem knows another by type only; boot.ts and the tables of exports put them together.
import { describe, expect, it } from 'vitest';
import { type Import, importsOf, isTest, sourceFiles } from './imports.ts';

const LEVEL: Readonly<Record<string, number>> = {
  base: 0, abi: 1, elf: 1, wasm: 1, ir: 1, machine: 1, x86: 2, cpu: 3, kernel: 4, checkers: 5, 'inspect.ts': 6, 'index.ts': 7, testing: 8, host: 8, cli: 9, playground: 9,
};
/** Folders of one level that may use each other none the less: the one on the left the one on the right. */
const SIDEWAYS = new Set(['cli host', 'testing host', 'playground host']);
const OUTER = new Set(['testing', 'host', 'cli', 'playground']);

const layerOf = (file: string): string => file.split('/')[1]!;
const subsystemOf = (file: string): string | undefined => (/^src\/kernel\/[^/]+\//.test(file) ? file.split('/')[2] : undefined);
const all: Import[] = sourceFiles().flatMap(importsOf);
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

describe('layers', () => {
  it('every folder of src/ has a level', () => {
    expect([...new Set(sourceFiles().map(layerOf))].filter((layer) => !(layer in LEVEL))).toEqual([]);
  });
  it('imports point towards base', () => {
    const wrong = all.filter(({ from, to, isPackage }) => {
      if (isPackage) return false;
      const [a, b] = [layerOf(from), layerOf(to)];
      return a !== b && !SIDEWAYS.has(`${a} ${b}`) && LEVEL[a]! <= LEVEL[b]!;
    });
    expect(wrong.map(show)).toEqual([]);
  });
  it('the core imports no Node module', () => {
    expect(all.filter(({ from, to, isPackage }) => isPackage && to.startsWith('node:') && !OUTER.has(layerOf(from))).map(show)).toEqual([]);
  });
  it('sources import no test and nothing outside src/', () => {
    expect(all.filter(({ to, isPackage }) => !isPackage && (isTest(to) || !to.startsWith('src/'))).map(show)).toEqual([]);
  });
  it('the command uses the public API: index.ts and host/ only', () => {
    const wrong = all.filter(({ from, to, isPackage }) => !isPackage && layerOf(from) === 'cli' && !['cli', 'host', 'index.ts'].includes(layerOf(to)));
    expect(wrong.map(show)).toEqual([]);
  });
  it('subsystems of the kernel import each other by type only', () => {
    const wrong = all.filter(({ from, to, isTypeOnly, isPackage }) => {
      const [a, b] = [subsystemOf(from), isPackage ? undefined : subsystemOf(to)];
      // exports/ says how a symbol is declared; every subsystem does so.
      return a !== undefined && b !== undefined && a !== b && b !== 'exports' && a !== 'exports' && !isTypeOnly;
    });
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('cycles', () => {
  it('no import cycle at run time', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, isTypeOnly, isPackage } of all) if (!isTypeOnly && !isPackage) graph.set(from, [...(graph.get(from) ?? []), to]);
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      state.set(file, 'done');
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
