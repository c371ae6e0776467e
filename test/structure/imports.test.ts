// The reader of imports that the layer test rests on.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { importsOf, ROOT, sourceFiles } from './imports.ts';

it('tells type imports from others', () => {
  const file = 'build/imports-sample.ts';
  fs.mkdirSync(path.join(ROOT, 'build'), { recursive: true });
  fs.writeFileSync(path.join(ROOT, file), `
import type { A } from './a.ts';
import { type B, type C } from '../b.ts';
import { type D, d } from './d.ts';
import {
  e,
  f,
} from './e.ts';
import g from 'pkg';
export { h } from './h.ts';
export type { I } from './i.ts';
// import { nothing } from './comment.ts';
const later = () => import('./later.ts');
`);
  expect(importsOf(file).map(({ to, isTypeOnly, isPackage }) => [to, isTypeOnly, isPackage])).toEqual([
    ['build/a.ts', true, false], ['b.ts', true, false], ['build/d.ts', false, false], ['build/e.ts', false, false], ['pkg', false, true],
    ['build/h.ts', false, false], ['build/i.ts', true, false], ['build/later.ts', false, false],
  ]);
  fs.rmSync(path.join(ROOT, file));
});

it('finds an import in nearly every source', () => {
  expect(sourceFiles().filter((file) => importsOf(file).length > 0).length).toBeGreaterThan(sourceFiles().length * 0.7);
});
