// Files that no compiler writes: each is refused with Linux's errno and log line (spec 2.1, 2.5, 2.6, 3, 4.5; the texts of most were
// seen on both kernels), nothing stays allocated, and a good module loads afterwards.

import { describe, expect, it } from 'vitest';
import type { ElfEditor } from '../../../test/modules/elf-editor.ts';
import type { FakeOptions } from '../../../test/modules/fake-kernel.ts';
import { edit, kernelOf, moduleFile, type Series } from '../../../test/modules/fixtures.ts';
import { Errno } from '../errors.ts';

interface Case {
  readonly name: string;
  readonly change: (editor: ElfEditor) => ElfEditor;
  readonly code: string;
  /** Lines of the log beyond taints of unsigned out-of-tree modules, level first. */
  readonly log: readonly string[];
  readonly log612?: readonly string[];
  readonly series?: Series;
  readonly flags?: number;
  readonly options?: FakeOptions;
}

const size61 = moduleFile('kitchen').length;
const magic = (release: string): string => `${release} SMP preempt mod_unload modversions `;
const R61 = '6.1.0-56-amd64';

/** Blob, twelve bytes of information, marker. */
const signature = (blob: string, idType: number, hash = 0): string =>
  `${blob}\0${String.fromCharCode(hash, idType)}${'\0'.repeat(8)}${String.fromCharCode(blob.length)}~Module signature appended~\n`;

const cases: Case[] = [
  { name: 'empty', change: (e) => e.cut(0), code: 'ENOEXEC', log: ['3 Invalid ELF header len 0'] },
  { name: '63 bytes', change: (e) => e.cut(63), code: 'ENOEXEC', log: ['3 Invalid ELF header len 63'] },
  { name: 'magic', change: (e) => e.set(1, 1, 0x65), code: 'ENOEXEC', log: ['3 Invalid ELF header magic: != \x7fELF'] },
  { name: 'type', change: (e) => e.header('type', 2), code: 'ENOEXEC', log: ['3 Invalid ELF header type: 2 != 1'] },
  { name: 'machine', change: (e) => e.header('machine', 3), code: 'ENOEXEC', log: ['3 Invalid architecture in ELF header: 3'] },
  { name: 'shentsize', change: (e) => e.header('shentsize', 65), code: 'ENOEXEC', log: ['3 Invalid ELF section header size'] },
  { name: 'shoff', change: (e) => e.header('shoff', 1n << 63n), code: 'ENOEXEC', log: ['3 Invalid ELF section header overflow'] },
  { name: 'shnum', change: (e) => e.header('shnum', 60000), code: 'ENOEXEC', log: ['3 Invalid ELF section header overflow'] },
  { name: 'cut in the section table', change: (e) => e.cut(e.bytes.length - 1), code: 'ENOEXEC', log: ['3 Invalid ELF section header overflow'] },
  { name: 'shstrndx 0', change: (e) => e.header('shstrndx', 0), code: 'ENOEXEC', log: ['3 Invalid ELF section name index: 0 || e_shstrndx (0) >= e_shnum (64)'], series: '6.1' },
  { name: 'shstrndx', change: (e) => e.header('shstrndx', 999), code: 'ENOEXEC', log: ['3 Invalid ELF section name index: 999 || e_shstrndx (999) >= e_shnum (64)'], series: '6.1' },
  { name: 'name table outside', change: (e) => e.section('.shstrtab', 'offset', 1n << 40n), code: 'ENOEXEC', log: ['3 Invalid ELF section hdr(type 3)'], series: '6.1' },
  { name: 'name table of another type', change: (e) => e.section('.shstrtab', 'type', 1), code: 'ENOEXEC', log: ['3 Invalid ELF section name table type: 1'], series: '6.12' },
  { name: 'name table empty', change: (e) => e.section('.shstrtab', 'size', 0), code: 'ENOEXEC', log: ['3 empty section name table'] },
  { name: 'name table open', change: (e) => e.section('.shstrtab', 'size', 3), code: 'ENOEXEC', log: ["3 ELF Spec violation: section name table isn't null terminated"] },
  { name: 'section 0', change: (e) => e.section(0, 'type', 1), code: 'ENOEXEC', log: ['3 ELF Spec violation: section 0 type(1)!=SH_NULL or non-zero len or addr'] },
  { name: 'sh_link', change: (e) => e.section('.symtab', 'link', 0), code: 'ENOEXEC', log: ['3 Invalid ELF sh_link!=SHN_UNDEF(0) or (sh_link(0) >= hdr->e_shnum(64)'], series: '6.1' },
  { name: 'sh_link too large', change: (e) => e.section('.symtab', 'link', 999), code: 'ENOEXEC', log: ['3 Invalid ELF sh_link!=SHN_UNDEF(999) or (sh_link(999) >= hdr->e_shnum(64)'], series: '6.1' },
  { name: 'sh_link to something else', change: (e) => e.section('.symtab', 'link', 1), code: 'ENOEXEC', log: ['3 Invalid ELF symbol string table type: 1'], series: '6.12' },
  { name: 'two .modinfo', change: (e) => e.section('.exit.data', 'name', nameOffset(e, '.modinfo')), code: 'ENOEXEC', log: ['3 Only one .modinfo section must exist.'], series: '6.12' },
  { name: 'two this_module', change: (e) => e.section('.exit.data', 'name', nameOffset(e, '.gnu.linkonce.this_module')), code: 'ENOEXEC', log: ['3 module kitchen: Exactly one .gnu.linkonce.this_module section must exist.'], series: '6.12' },
  { name: 'two symbol tables', change: (e) => e.section('.note.GNU-stack', 'type', 2).section('.note.GNU-stack', 'link', 5), code: 'ENOEXEC', log: ['4 kitchen: module has no symbols (stripped?)'], series: '6.12' },
  { name: 'this_module without content', change: (e) => e.section('.gnu.linkonce.this_module', 'type', 8), code: 'ENOEXEC', log: [], log612: ['3 module kitchen: .gnu.linkonce.this_module section must have a size set'] },
  { name: 'name of built-in code', change: (e) => rename(e, 'zswap'), code: 'EINVAL', log: ['4 zswap: loading out-of-tree module taints kernel.', '5 zswap: module verification failed: signature and/or required key missing - tainting kernel', '3 zswap: module is already loaded'], options: { options: { builtins: ['zswap'] } } },
  { name: 'no name', change: (e) => rename(e, ''), code: 'EINVAL', log: ['4 : loading out-of-tree module taints kernel.', '5 : module verification failed: signature and/or required key missing - tainting kernel', 'WARN kobject_add_internal kobject: ((____ptrval____)): attempted to be registered with empty name!'] },
  { name: 'existing value', change: (e) => e.set(e.offset('.init.text') + 0x10, 4, 0x01010101).relocation('.rela.init.text', 0, 'offset', 0x10), code: 'ENOEXEC', log: ['3 module: x86/modules: Skipping invalid relocation target, existing value is nonzero for type 4, loc (____ptrval____), val '], series: '6.1' },
  { name: 'section outside', change: (e) => e.section(3, 'size', 1n << 62n), code: 'ENOEXEC', log: ['3 Invalid ELF section in module (section 3 type 1)'] },
  { name: 'section name', change: (e) => e.section(3, 'name', 0x7fffffff), code: 'ENOEXEC', log: ['3 Invalid ELF section name in module (section 3 type 1)'] },
  { name: 'no symbols', change: (e) => e.section('.symtab', 'type', 1), code: 'ENOEXEC', log: ['4 kitchen: module has no symbols (stripped?)'] },
  { name: 'no this_module', change: (e) => e.replace('.gnu.linkonce.this_module', '.gnu.linkonce.that_module'), code: 'ENOEXEC', log: ['4 kitchen: No module found in object'], log612: ['3 module kitchen: Exactly one .gnu.linkonce.this_module section must exist.'] },
  { name: 'short this_module', change: (e) => e.section('.gnu.linkonce.this_module', 'size', 64), code: 'ENOEXEC', log: [], log612: ["3 module kitchen: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time"] },
  { name: 'no modinfo', change: (e) => e.replace('.modinfo', '.mudinfo').section('.symtab', 'type', 1), code: 'ENOEXEC', log: ['4 (missing .modinfo section or name field): module has no symbols (stripped?)'] },
  { name: 'write and exec', change: (e) => e.section('.init.text', 'flags', 7), code: 'ENOEXEC', log: ['3 kitchen: section .init.text (index 11) has invalid WRITE|EXEC flags'], series: '6.1' },
  { name: 'blacklisted', change: (e) => e, code: 'EPERM', log: ['3 Module kitchen is blacklisted'], options: { options: { blacklist: ['other', 'kitchen'] } } },

  { name: 'vermagic', change: (e) => e.replace('SMP preempt', 'SMP Preempt'), code: 'ENOEXEC', log: [`3 kitchen: version magic '${magic(R61).replace('pre', 'Pre')}' should be '${magic(R61)}'`], series: '6.1' },
  { name: 'release without versions', change: (e) => e.replace('vermagic=6', 'vermagic=7'), code: 'ENOEXEC', flags: 1, log: ['4 kitchen: module_layout: kernel tainted.', '4 Disabling lock debugging due to kernel taint', `3 kitchen: version magic '7${magic(R61).slice(1)}' should be '${magic(R61)}'`], series: '6.1' },
  { name: 'layout CRC', change: (e) => e.set(e.offset('__versions') + versionAt(e, 'module_layout'), 4, 1), code: 'ENOEXEC', log: ['4 kitchen: disagrees about version of symbol module_layout'] },
  { name: 'no layout CRC', change: (e) => e.replace('module_layout\0', 'module_lay0ut\0'), code: 'ENOEXEC', log: ['4 kitchen: no symbol version for module_layout'] },
  { name: 'CRC of an import', change: (e) => e.set(e.offset('__versions') + versionAt(e, '_printk'), 4, 1), code: 'EINVAL', log: ['4 kitchen: disagrees about version of symbol _printk', '4 kitchen: Unknown symbol _printk (err -22)'] },
  { name: 'no CRC of an import', change: (e) => e.replace('\0\0_printk\0\0', '\0\0_print_\0\0'), code: 'EINVAL', log: ['4 kitchen: no symbol version for _printk', '4 kitchen: Unknown symbol _printk (err -22)'] },
  { name: 'missing symbols', change: (e) => e, code: 'ENOENT', log: ['4 kitchen: Unknown symbol param_array_ops (err -2)', '4 kitchen: Unknown symbol _printk (err -2)'], options: { hasExport: (name) => name !== '_printk' && name !== 'param_array_ops' }, series: '6.1' },

  { name: 'common symbol', change: (e) => e.symbol('kitchen_off', 'shndx', 0xfff2), code: 'ENOEXEC', log: ['4 kitchen: please compile with -fno-common'] },
  { name: 'section index of a symbol', change: (e) => e.symbol('kitchen_off', 'shndx', 30583), code: 'ENOEXEC', log: ['3 kitchen: Symbol kitchen_off has an invalid section index 30583 (max 63)'], series: '6.1' },
  { name: 'relocation type', change: (e) => e.relocation('.rela.init.text', 2, 'type', 26), code: 'ENOEXEC', log: ['3 module: kitchen: Unknown rela relocation: 26'] },
  { name: 'relocation outside its section', change: (e) => e.relocation('.rela.init.text', 2, 'offset', 1n << 63n), code: 'ENOEXEC', log: ['3 kitchen: relocation 2 of section 12 lies outside its section or symbol table'], series: '6.1' },
  { name: 'relocation just past the end', change: (e) => e.relocation('.rela.init.text', 2, 'offset', e.size('.init.text') - 3), code: 'ENOEXEC', log: ['3 kitchen: relocation 2 of section 12 lies outside its section or symbol table'], series: '6.1' },
  { name: 'symbol of a relocation', change: (e) => e.relocation('.rela.init.text', 2, 'symbol', 0xffffffff), code: 'ENOEXEC', log: ['3 kitchen: relocation 2 of section 12 lies outside its section or symbol table'], series: '6.1' },
  { name: 'SHT_REL', change: (e) => e.section('.rela.init.text', 'type', 9), code: 'ENOEXEC', log: ['3 module kitchen: REL relocation unsupported'] },
  { name: 'huge bss', change: (e) => e.section('.bss', 'size', 1n << 50n), code: 'ENOMEM', log: [] },
  { name: 'huge alignment', change: (e) => e.section('.bss', 'align', (1n << 63n) + 5n), code: 'ENOMEM', log: [] },
  { name: 'huge per-CPU data', change: (e) => e.section('.data..percpu', 'type', 8).section('.data..percpu', 'size', 1 << 20), code: 'ENOMEM', log: ['4 kitchen: Could not allocate 1048576 bytes percpu data'] },

  { name: 'signature cut off', change: () => editorOf('~Module signature appended~\n'.padStart(40, '\0')), code: 'EBADMSG', log: [] },
  { name: 'signature longer than the file', change: (e) => e.append(signature('AB', 2).replace('\0\0\0\x02~', '\x7f\0\0\x02~')), code: 'EBADMSG', log: [] },
  { name: 'signature parameters', change: (e) => e.append(signature('AB', 2, 1)), code: 'EBADMSG', log: ['3 module: PKCS#7 signature info has unexpected non-zero params'] },
  { name: 'signature that is no PKCS#7', change: (e) => e.append(signature('AB', 2)), code: 'EBADMSG', log: [] },
  { name: 'unsigned, enforced', change: (e) => e, code: 'EKEYREJECTED', log: ['5 Loading of unsigned module is rejected'], options: { options: { isSignatureEnforced: true } } },
  { name: 'other signature, enforced', change: (e) => e.append(signature('AB', 1)), code: 'EKEYREJECTED', log: ['3 module: not signed with expected PKCS#7 message', '5 Loading of module with unsupported crypto is rejected'], options: { options: { isSignatureEnforced: true } } },
];

const nameOffset = (editor: ElfEditor, section: string): number => editor.view.getUint32(editor.sectionAt(editor.index(section)), true);
function rename(editor: ElfEditor, name: string): ElfEditor {
  const at = editor.offset('.gnu.linkonce.this_module') + 24;
  [...name.padEnd(8, '\0')].forEach((c, i) => { editor.set(at + i, 1, c.charCodeAt(0)); });
  return editor;
}

/** Offset of a symbol's entry in __versions. */
function versionAt(editor: ElfEditor, name: string): number {
  const start = editor.offset('__versions');
  for (let at = 0; at < editor.size('__versions'); at += 64) {
    let i = 0;
    while (i < name.length && editor.bytes[start + at + 8 + i] === name.charCodeAt(i)) i++;
    if (i === name.length && editor.bytes[start + at + 8 + i] === 0) return at;
  }
  throw new Error(`${name} is not in __versions`);
}
function editorOf(text: string): ElfEditor {
  return edit('kitchen').cut(0).append(text.padStart(40, '\0'));
}

const TAINTS = ['4 kitchen: loading out-of-tree module taints kernel.', '5 kitchen: module verification failed: signature and/or required key missing - tainting kernel'];

describe.each<Series>(['6.1', '6.12'])('refused by %s', (series) => {
  it.each(cases.filter((one) => (one.series ?? series) === series))('$name', ({ change, code, log, log612, flags, options }) => {
    const kernel = kernelOf(series, options);
    let thrown: unknown;
    try {
      kernel.insmod(change(edit('kitchen', series)).bytes, '', flags);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Errno);
    expect((thrown as Errno).code).toBe(code);
    expect(kernel.takeLog().filter((line) => !TAINTS.includes(line)).map((line) => line.replace(/(?<=, val )[0-9a-f]+$/, ''))).toEqual(series === '6.12' && log612 ? log612 : log);
    expect([kernel.usage, kernel.cpu.regions.size, kernel.system.procModules()]).toEqual([0, 0, '']);
    if (options) return;
    kernel.insmod(moduleFile('kitchen', series));
    kernel.rmmod('kitchen');
    expect(kernel.usage).toBe(0);
  });
});

describe.each<Series>(['6.1', '6.12'])('accepted by %s', (series) => {
  it.each<[string, (editor: ElfEditor) => ElfEditor]>([
    ['class and byte order of another machine', (e) => e.set(4, 1, 1).set(5, 1, 2).set(6, 1, 9)],
    ['ehsize', (e) => e.header('ehsize', 1)],
    ['bytes behind the image', (e) => e.append('garbage')],
    ['another release with versions', (e) => e.replace('vermagic=6', 'vermagic=7')],
    ['a signature of another kind', (e) => e.append(signature('AB', 1))],
    ['a signature by an unknown key', (e) => e.append(signature('\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02', 2))],
  ])('%s', (_name, change) => {
    const kernel = kernelOf(series);
    kernel.insmod(change(edit('kitchen', series)).bytes);
    expect(kernel.system.modules().map((module) => [module.name, module.state, module.taints])).toEqual([['kitchen', 'live', 'OE']]);
  });
});

it('checks the size of the file it was given, not of its buffer', () => {
  expect(size61).toBe(moduleFile('kitchen').length);
  const large = new Uint8Array(size61 + 100);
  large.set(moduleFile('kitchen'), 50);
  const kernel = kernelOf('6.1');
  kernel.insmod(large.subarray(50, 50 + size61));
  expect(kernel.system.modules()).toHaveLength(1);
});
