import { expect, it } from 'vitest';
import { runMutations } from './mutation-run.ts';

it('refuses or loads 4,000 mutated modules, and nothing else happens', () => {
  const { failures, outcomes } = runMutations(4000, 500_000);
  expect(failures).toEqual([]);
  // Both ways out are taken often, or the mutations are not worth much.
  expect(outcomes.get('loaded')).toBeGreaterThan(1000);
  expect(outcomes.get('ENOEXEC')).toBeGreaterThan(1000);
});
