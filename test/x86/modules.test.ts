// The code of real modules: every instruction decoded as iced does, every function lifted to IR that the verifier accepts. More
// modules (a distribution's, say) can be named in KOBOX_TEST_MODULES, a list of files or folders separated by ':'.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verify } from '../../src/ir/verifier.ts';
import { liftFunction, surveyFunction } from '../../src/x86/lift-function.ts';
import { IcedComparison } from './against-iced.ts';
import { LinkedModule } from './linked-module.ts';

const modulesIn = (path: string): string[] =>
  statSync(path).isDirectory() ? readdirSync(path).sort().flatMap((name) => modulesIn(join(path, name))) : path.endsWith('.ko') ? [path] : [];

const check = (path: string): { nrInsns: number; problems: string[]; untranslated: string[] } => {
  const module = new LinkedModule(new Uint8Array(readFileSync(path)));
  const comparison = new IcedComparison();
  const problems: string[] = [];
  const untranslated = new Set<string>();
  let nrInsns = 0;
  for (const fn of module.functions) {
    const code = module.readBytes(fn.address)!;
    for (let at = 0; at < fn.size; nrInsns++) {
      const { difference, length } = comparison.compare(code.subarray(at, at + 15), fn.address + at);
      if (difference !== '') problems.push(`${fn.name}+0x${at.toString(16)}: ${difference}`);
      at += length;
    }
    problems.push(...verify(liftFunction(module, fn.address)));
    for (const name of surveyFunction(module, fn.address).untranslated.keys()) untranslated.add(name);
  }
  return { nrInsns, problems, untranslated: [...untranslated] };
};

describe('modules', () => {
  for (const path of modulesIn('modules/prebuilt')) {
    it(path, () => {
      const { nrInsns, problems, untranslated } = check(path);
      expect(problems).toEqual([]);
      expect(untranslated).toEqual([]);
      expect(nrInsns).toBeGreaterThan(0);
    });
  }
  for (const path of (process.env['KOBOX_TEST_MODULES'] ?? '').split(':').filter(Boolean).flatMap(modulesIn)) {
    it(path, () => expect(check(path).problems).toEqual([]));
  }
});
