import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import { bootKernel } from '../../src/kernel/boot.ts';
import { checkExports } from '../../src/kernel/exports/register.ts';
import { COMPATIBILITY_PAGE, compatibilityPage } from '../../tools/pages/compatibility.ts';

const abi = loadDefaultAbi();

test('every table fits the release: names, arities, one place per symbol', () => {
  expect(checkExports(bootKernel({ abi, engine: 'interp' }).exportTables(), abi)).toEqual([]);
});
test('every export can be placed', () => {
  const { exports } = bootKernel({ abi, engine: 'interp' });
  expect([...exports.all()].length).toBeGreaterThan(700);
});
test('docs/compatibility.md is what the tables say', () => {
  expect(readFileSync(COMPATIBILITY_PAGE, 'utf8') === compatibilityPage(abi), 'run node tools/run.mjs tools/make-compatibility.ts').toBe(true);
});
