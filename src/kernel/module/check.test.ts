import { describe, expect, it } from 'vitest';
import { abi612 } from '../../../test/modules/abi-6.12.ts';
import type { ElfEditor } from '../../../test/modules/elf-editor.ts';
import { abi61 } from '../../../test/modules/fake-kernel.ts';
import { edit, moduleFile } from '../../../test/modules/fixtures.ts';
import { checkModule, type CheckEnvironment, type Finding, otherModule } from './check.ts';

const kernel = (hasExport: (name: string) => boolean = () => true): CheckEnvironment['exports'] => (name) => {
  const symbol = abi61.exportedSymbol(name);
  return symbol && hasExport(name) ? { address: 0, crc: symbol.crc, isGplOnly: symbol.isGplOnly, namespace: symbol.namespace } : undefined;
};
const environment: CheckEnvironment = { abi: abi61, exports: kernel() };
const kitchen = otherModule(moduleFile('kitchen'), abi61)!;
const short = (findings: readonly Finding[]): string[] => findings.map(({ kind, effect, symbol, provider }) => [kind, effect, symbol, provider].filter((part) => part !== undefined).join(' '));

describe('checkModule', () => {
  it('finds nothing wrong with a good module but what limits it', () => {
    expect(short(checkModule(moduleFile('kitchen'), environment))).toEqual(['missing-weak-symbol limited kitchen_absent']);
    expect(checkModule(moduleFile('guest'), { ...environment, others: [kitchen] })).toEqual([]);
  });
  it('names who would provide what is missing', () => {
    expect(short(checkModule(moduleFile('guest'), environment))).toEqual(['missing-symbol refused kitchen_one', 'missing-symbol refused kitchen_spaced', 'missing-symbol refused kitchen_two']);
    const findings = checkModule(moduleFile('kitchen'), { ...environment, exports: kernel((name) => name !== '_printk' && name !== 'param_array_ops') });
    expect(short(findings)).toEqual(['missing-symbol refused param_array_ops kernel', 'missing-weak-symbol limited kitchen_absent', 'missing-symbol refused _printk kernel'].toSorted((a, b) => order(a) - order(b)));
    function order(line: string): number { return short(findings).indexOf(line); }
  });
  it('reads what a module file exports', () => {
    expect([...kitchen.exports.values()].map(({ name, isGplOnly, namespace, crc }) => [name, isGplOnly, namespace, crc !== undefined]).toSorted()).toEqual([
      ['kitchen_one', false, '', true], ['kitchen_spaced', false, 'KITCHEN', true], ['kitchen_two', true, '', true],
    ]);
    expect(otherModule(new Uint8Array(100), abi61)).toBeUndefined();
  });

  const others = [kitchen];
  it.each<[string, (e: ElfEditor) => ElfEditor, string[]]>([
    ['ELF', (e) => e.header('machine', 3), ['elf refused']],
    ['vermagic', (e) => e.replace('SMP preempt', 'SMP Preempt'), ['vermagic refused']],
    ['no vermagic', (e) => e.replace('vermagic=', 'vermagik='), ['vermagic limited']],
    ['layout CRC', (e) => e.replace('module_layout\0', 'module_lay0ut\0'), ['layout-version refused module_layout']],
    ['no versions', (e) => e.replace('\0__versions\0', '\0__Versions\0'), ['layout-version limited']],
    ['CRC', (e) => e.replace('\0\0__fentry__\0\0', '\0\0__fentri__\0\0'), ['version refused __fentry__ kernel']],
    ['namespace', (e) => e.replace('import_ns=KITCHEN', 'import_ns=KITCHIN'), ['namespace refused kitchen_spaced kitchen']],
    ['licence', (e) => e.replace('license=GPL\0', 'license=BSD\0'), ['license limited', 'gpl-only refused kitchen_two kitchen']],
    ['relocation', (e) => e.relocation('.rela.init.text', 0, 'type', 26), ['relocation refused']],
    ['absolute 32-bit relocation', (e) => e.relocation('.rela.gnu.linkonce.this_module', 0, 'type', 10), ['relocation refused']],
    ['place of a relocation', (e) => e.relocation('.rela.init.text', 0, 'offset', 1 << 30), ['relocation refused']],
    ['write and exec', (e) => e.section('.init.text', 'flags', 7), ['write-exec refused']],
    ['section of a symbol', (e) => e.symbol('__this_module', 'shndx', 0xfe00), ['symbol refused']],
  ])('%s', (_name, change, expected) => {
    expect(short(checkModule(change(edit('guest')).bytes, { ...environment, others }))).toEqual(expected);
  });
  it('says which exports exist already', () => {
    expect(short(checkModule(moduleFile('kitchen'), { ...environment, others: [{ ...kitchen, name: 'cooker' }] })).filter((line) => line.startsWith('dup')).toSorted()).toEqual(['duplicate-export refused kitchen_one', 'duplicate-export refused kitchen_spaced', 'duplicate-export refused kitchen_two'].toSorted());
  });
  it('refuses a module of the other kernel', () => {
    expect(short(checkModule(moduleFile('kitchen', '6.12'), environment)).slice(0, 1)).toEqual(['layout-version refused module_layout']);
    expect(short(checkModule(moduleFile('kitchen'), { abi: abi612, exports: kernel() }))).toEqual(['elf refused']);
  });
});
