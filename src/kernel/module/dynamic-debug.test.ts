import { expect, it } from 'vitest';
import { FakeKernel } from '../../../test/modules/fake-kernel.ts';
import { moduleFile, sectionsOf, transcript } from '../../../test/modules/fixtures.ts';

const kernel = new FakeKernel();
it.each([...sectionsOf(transcript('queries'))])('dyndbg="%s" as on Linux', (query, linux) => {
  kernel.takeLog();
  kernel.insmod(moduleFile('kitchen'), `dyndbg="${query}"`);
  const log = kernel.takeLog().filter((line) => line.includes('dyndbg')).map((line) => `<${line[0]!}>${line.slice(2)}`);
  const control = kernel.system.dynamicDebugControl().trimEnd().split('\n').slice(1);
  kernel.rmmod('kitchen');
  expect([...log, ...control]).toEqual(linux);
});

it('patches the site when a write to the control file turns it on', () => {
  kernel.insmod(moduleFile('kitchen'));
  kernel.cpu.invalidated.length = 0;
  const module = kernel.system.find('kitchen')!;
  expect(kernel.ram.readI32(module.debugSites.address + 40)).toBe(0);
  kernel.system.writeDynamicDebugControl('module kitchen +p');
  expect(kernel.ram.readI32(module.debugSites.address + 40)).toBe(1);
  kernel.system.writeDynamicDebugControl('module kitchen -p');
  expect(kernel.ram.readI32(module.debugSites.address + 40)).toBe(0);
  expect(() => kernel.system.writeDynamicDebugControl('nonsense')).toThrow('EINVAL');
});
