// What is said of module files without loading them.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { modinfoText } from '../../src/cli/info.ts';
import { loadDefaultAbi } from '../../src/host/node/default-abi.ts';
import { describeModule, surveyTranslation } from '../../src/inspect.ts';
import { btfDifferences, structDifferences } from '../../src/kernel/module/struct-differences.ts';
import { sections } from '../../tools/patch-module.mjs';
import { TEST_SERIES, testModules } from '../test-kernel.ts';

const PREBUILT = path.resolve(import.meta.dirname, '../../modules/prebuilt/6.1');
const prebuilt = (name: string): Buffer => fs.readFileSync(path.join(PREBUILT, `${name}.ko`));
const modinfo = ['/sbin/modinfo', '/usr/sbin/modinfo'].find((file) => fs.existsSync(file));

describe('describeModule', () => {
  it.skipIf(!modinfo)('prints what modinfo(8) prints, for every test module that it reads', () => {
    const files = [...new Set([...TEST_SERIES.flatMap((series) => [...testModules(series).values()]), ...fs.readdirSync(PREBUILT).map((name) => path.join(PREBUILT, name))])];
    const different = files.filter((file) => {
      const theirs = spawnSync(modinfo!, [file], { encoding: 'utf8' });
      if (theirs.status !== 0 || theirs.stderr !== '') return false;
      // kmod shows a name of its own for a file without one, and signatures it cannot parse; the scenario "signatures" covers those.
      return !/sig_id/.test(theirs.stdout) && modinfoText(file, describeModule(fs.readFileSync(file))) !== theirs.stdout;
    });
    expect(different.map((file) => path.basename(file))).toEqual([]);
    expect(files.length).toBeGreaterThan(8);
  });
  it('lists imports and whether they are weak', () => {
    const { imports } = describeModule(prebuilt('user'));
    expect(imports.map(({ name }) => name)).toEqual(expect.arrayContaining(['exporter_add', '_printk', '__fentry__']));
    expect(imports.every(({ isWeak }) => !isWeak)).toBe(true);
  });
  const signed = path.resolve(import.meta.dirname, '../fixtures/signed');
  const sample = fs.existsSync(signed) ? fs.readdirSync(signed).find((name) => name.endsWith('.ko')) : undefined;
  it.skipIf(!sample || !modinfo)('reads signatures as modinfo(8) does', () => {
    const file = path.join(signed, sample!);
    expect(modinfoText(file, describeModule(fs.readFileSync(file)))).toBe(execFileSync(modinfo!, [file], { encoding: 'utf8' }));
  });
  it('refuses what is no ELF file', () => {
    expect(() => describeModule(new Uint8Array(10))).toThrow();
    expect(() => describeModule(Buffer.from('#!/bin/sh\n'.padEnd(100)))).toThrow();
  });
});

describe('surveyTranslation', () => {
  it('counts functions and instructions', () => {
    const survey = surveyTranslation(prebuilt('compute'));
    expect(survey.untranslated).toEqual([]);
    expect(survey.nrTranslated).toBe(survey.nrFunctions);
    expect(survey.nrFunctions).toBeGreaterThan(10);
    expect(survey.nrInstructions).toBeGreaterThan(500);
  });
  it('names an instruction without translation, and goes on behind it', () => {
    const bytes = prebuilt('hello');
    const exit = sections(bytes).find((section) => section.name === '.exit.text')!;
    // vmread %rax, %rbx
    Buffer.from('0f78c3', 'hex').copy(bytes, exit.offset);
    const { untranslated, nrFunctions, nrTranslated } = surveyTranslation(bytes);
    expect(untranslated).toEqual([{ mnemonic: 'vmread', function: expect.stringMatching(/^(cleanup_module|hello_exit)$/), offset: 0, count: 1 }]);
    expect(nrFunctions - nrTranslated).toBe(1);
  });
  it('leaves the bytes it is given alone', () => {
    const bytes = prebuilt('compute');
    const before = Buffer.from(bytes);
    surveyTranslation(bytes);
    expect(bytes.equals(before)).toBe(true);
  });
});

describe('struct differences', () => {
  const abi = loadDefaultAbi();
  it('finds none in a module of this kernel', () => {
    expect(structDifferences(prebuilt('hello'), abi)).toEqual([]);
  });
  it('compares the structs of BTF by name', () => {
    // struct list_head { struct list_head *next; long extra; struct list_head *prev; }; struct hlist_node as it is; struct nobody_has_this.
    const btf = '9feb01001800000000000000b0000000b00000004b0000000100000003000004180000000b0000000200000000000000100000000300000040000000160000000200000080000000'
      + '0000000000000002010000001b0000000000000108000000400000012400000002000004100000000b00000005000000000000002f0000000600000040000000000000000000000204000000'
      + '00000000000000020500000035000000010000040400000045000000080000000000000047000000000000010400000020000001006c6973745f68656164006e657874006578747261007072'
      + '6576006c6f6e6720696e7400686c6973745f6e6f6465007070726576006e6f626f64795f6861735f74686973006100696e7400';
    expect([...btfDifferences(Buffer.from(btf, 'hex'), abi)]).toEqual([
      { struct: 'list_head', text: '24 bytes in the module, 16 in the kernel' },
      { struct: 'list_head', text: 'extra at 8 in the module, absent in the kernel' },
      { struct: 'list_head', text: 'prev at 16 in the module, at 8 in the kernel' },
    ]);
    expect([...btfDifferences(Buffer.from(btf.slice(0, 100), 'hex'), abi)]).toEqual([]);
  });
});
