import { describe, expect, it } from 'vitest';
import { Errno } from '../../src/kernel/errors.ts';
import { kernelOf, moduleFile, type Series, transcript } from './fixtures.ts';
import { runMutations } from './mutation-run.ts';
import { mutate } from './mutations.ts';

it('refuses or loads 4,000 mutated modules, and nothing else happens', () => {
  const { failures, outcomes } = runMutations(4000, 500_000);
  expect(failures).toEqual([]);
  // Both ways out are taken often, or the mutations are not worth much.
  expect(outcomes.get('loaded')).toBeGreaterThan(1000);
  expect(outcomes.get('ENOEXEC')).toBeGreaterThan(1000);
});

// Lines `seed status`: what insmod of kitchen.ko mutated with that seed came to on Linux. Whoever changes the mutations or the
// fixture has to record them again.
describe.each<Series>(['6.1', '6.12'])('mutated modules on %s', (series) => {
  it('come to the same errno as on Linux', () => {
    const kernel = kernelOf(series);
    const lines = transcript('mutants', series).trimEnd().split('\n');
    const mine = lines.map((line) => {
      const seed = Number(line.split(' ')[0]);
      try {
        kernel.insmod(mutate(moduleFile('kitchen', series), seed).bytes);
        for (const module of kernel.system.modules()) kernel.rmmod(module.name);
        return `${seed} 0`;
      } catch (error) {
        if (error instanceof Errno) return `${seed} ${error.errno}`;
        throw error;
      }
    });
    expect(lines.length).toBeGreaterThan(100);
    expect(mine).toEqual(lines);
  });
});
