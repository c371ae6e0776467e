import { describe, expect, it } from 'vitest';
import { type FakeKernel, finish } from '../../../test/modules/fake-kernel.ts';
import { kernelOf, moduleFile, type Series, transcript } from '../../../test/modules/fixtures.ts';
import { addressAt } from '../../base/ptr.ts';

const withoutAddress = (line: string): string => line.replace(/0x[0-9a-f]{16}/, 'ADDRESS').replace(/^[0-9a-f]{16}/, 'ADDRESS');

/** The same text that kitchen.sh prints on Linux. */
function describeKitchen(kernel: FakeKernel): string[] {
  const { sysModule } = kernel.system;
  const paths: string[] = ['.'];
  const walk = (path: string): void => {
    for (const entry of sysModule.list(`kitchen/${path}`)) {
      paths.push(`./${path}${entry.name}`);
      if (entry.kind === 'directory') walk(`${path}${entry.name}/`);
    }
  };
  walk('');
  const read = (path: string): string => finish(sysModule.read(`kitchen/${path}`)).trimEnd();
  return [
    ...kernel.system.procModules().trimEnd().split('\n'), ...paths,
    ...['coresize', 'initsize', 'initstate', 'refcnt', 'taint', 'version', 'srcversion'].map((name) => `${name} ${read(name)}`),
    ...sysModule.list('kitchen/sections').map(({ name }) => `sections/${name} ${read(`sections/${name}`)}`),
    ...kernel.system.kallsyms().split('\n').filter((line) => line.includes('kitchen')),
  ];
}

describe.each<Series>(['6.1', '6.12'])('kitchen.ko on %s', (series) => {
  const kernel = kernelOf(series);
  kernel.insmod(moduleFile('kitchen', series), 'text=salt list=1,2');
  kernel.insmod(moduleFile('guest', series));
  const mine = describeKitchen(kernel);
  const linux = transcript('kitchen', series).trimEnd().split('\n');

  it('looks as on Linux in /proc/modules, /sys/module and /proc/kallsyms', () => {
    expect(mine.map(withoutAddress).sort()).toEqual(linux.map(withoutAddress).sort());
  });
  it('has its sections and symbols at the same distances', () => {
    const addresses = (lines: readonly string[]): Map<string, number> => new Map(lines.flatMap((line) => {
      const match = /^(sections\/\S+) 0x([0-9a-f]{16})$/.exec(line) ?? /^\S{17}. (\S+)\t/.exec(line);
      return match ? [[match[1]!, Number(BigInt.asIntN(64, BigInt(`0x${match[2] ?? line.slice(0, 16)}`)))] as const] : [];
    }));
    const here = addresses(mine);
    const there = addresses(linux);
    // Read-only and writable parts are separate allocations here, each a piece of Linux's region.
    const pieces = [['sections/.text', 'kitchen_one', 'kitchen_exit'], ['sections/.data', 'number', 'sections/.gnu.linkonce.this_module', 'kitchen_off', 'sections/__bug_table'], ['sections/.symtab', 'sections/.strtab'], ['sections/__param', '__param_list', 'sections/.rodata', 'sections/__ksymtab']];
    for (const [base, ...others] of pieces) {
      for (const name of others) expect(`${name} ${here.get(name)! - here.get(base!)!}`).toBe(`${name} ${there.get(name)! - there.get(base!)!}`);
    }
  });
  it('keeps text, constants and what is sealed after init in the read-only zone', () => {
    const zone = addressAt(kernel.ram.sizeBytes * 0.75);
    for (const line of mine) {
      const match = /^[0-9a-f]{8}([0-9a-f]{8}) ([trd]) /i.exec(line);
      if (!match) continue;
      const address = Number(BigInt.asIntN(32, BigInt(`0x${match[1]!}`)));
      const isSealed = kernel.system.findModuleByAddress(address)?.areas.some((area) => area.isSealedAfterInit(address)) === true;
      expect(`${line} ${address >= zone}`).toBe(`${line} ${match[2]!.toLowerCase() !== 'd' || isSealed}`);
    }
  });
  it('gives everything back', () => {
    kernel.rmmod('guest');
    kernel.rmmod('kitchen');
    expect([kernel.usage, kernel.cpu.regions.size, kernel.system.procModules()]).toEqual([0, 0, '']);
  });
});
