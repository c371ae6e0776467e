// The command as its users see it: standard output, standard error, exit status.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../tools/bootstrap.mjs';
import { testModules } from '../test-kernel.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PREBUILT = path.join(ROOT, 'modules', 'prebuilt', '6.1');
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'kobox-cli-'));

function kobox(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'bin', 'kobox.js'), ...args], { encoding: 'utf8', cwd: PREBUILT, env: { ...process.env, KOBOX_ABI_DIR: data } });
  return { status, stdout, stderr };
}
const withoutTime = (log: string): string => log.replace(/^\[ *\d+\.\d{6}\] /gm, '');

beforeAll(() => ensureBuilt());

describe('kobox run', () => {
  it('loads modules in order with their parameters, unloads them in reverse, and prints the kernel log only', () => {
    const { status, stdout, stderr } = kobox('run', 'hello.ko', 'n=2', 'exporter.ko', 'user.ko');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^(\[ *\d+\.\d{6}\] .*\n)+$/);
    expect(withoutTime(stdout).split('\n')).toEqual([
      'hello: loading out-of-tree module taints kernel.',
      'hello: module verification failed: signature and/or required key missing - tainting kernel',
      'Hello 0 from hello', 'Hello 1 from hello', 'exporter: ready', 'user: for_each(5) gives 0, sum 10, counter 5',
      'user: for_each(20) gives -125, sum 38, counter 13', 'user: last sum is 42', 'exporter: counter is 1001', 'Goodbye', '',
    ]);
    expect(status).toBe(0);
  });
  it('says the same with the interpreter', () => {
    const engines = ['wasm', 'interp'].map((engine) => withoutTime(kobox('run', '--engine', engine, 'compute.ko').stdout));
    expect(engines[0]).toBe(engines[1]);
  });
  it('tells why a load is refused, and unloads what was loaded', () => {
    const { status, stdout, stderr } = kobox('run', 'hello.ko', 'n=0', 'user.ko');
    expect(status).toBe(1);
    expect(stderr).toContain('kobox: user.ko: refused with ENOENT\n  user: Unknown symbol exporter_');
    expect(withoutTime(stdout)).toMatch(/user: Unknown symbol exporter_add \(err -2\)\nGoodbye\n$/);
  });
  it('tells that init failed', () => {
    const { status, stderr } = kobox('run', 'init_fail.ko', 'code=12');
    expect(stderr).toContain('ENOMEM');
    expect(status).toBe(1);
  });
  it('has an exit status of its own for an oops', () => {
    const { status, stdout, stderr } = kobox('run', 'null.ko', 'at_init=1');
    expect(stdout).toContain('BUG: kernel NULL pointer dereference, address: 0000000000000030');
    expect(stderr).toContain('kobox: null.ko: oops: BUG: kernel NULL pointer dereference');
    expect(status).toBe(3);
  });
  const endless = testModules('6.1').get('endless.ko');
  it.skipIf(!endless)('ends an endless loop with the report of the watchdog', () => {
    for (const engine of ['wasm', 'interp']) {
      const { status, stdout } = kobox('run', '--engine', engine, endless!, 'at_init=1');
      expect(stdout).toMatch(/watchdog: BUG: soft lockup - CPU#0 stuck for \d+s! \[insmod:\d+\]\n(.*\n)*.*RIP: 0010:commit\+0x[0-9a-f]+\/0x14 \[endless\]/);
      expect(status).toBe(3);
    }
  });
  it('prints messages below the log level only', () => {
    expect(withoutTime(kobox('run', '--log-level', '4', 'null.ko', 'at_init=1').stdout)).not.toContain('null: init');
    expect(kobox('run', '--log-level', '9', 'hello.ko').status).toBe(2);
  });
  it('traces calls with their arguments', () => {
    const { stderr } = kobox('run', '--trace', 'hello.ko', 'n=1');
    expect(stderr).toContain('=> hello_init(');
    expect(stderr).toMatch(/-> _printk\(fmt=.*Hello %d from hello\\n", 0\)\n *<- _printk = \d+\n/);
  });
  it('prints figures on request', () => {
    expect(kobox('run', '--stats', 'hello.ko').stderr).toMatch(/^boot +\d+\.\d ms\ninsmod hello.ko +\d+\.\d ms\n/);
  });
  it('explains wrong usage', () => {
    expect(kobox('run')).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: kobox run') });
    expect(kobox('run', 'n=2')).toMatchObject({ status: 2, stderr: expect.stringContaining("'n=2' is not a module file") });
    expect(kobox('run', '--frob', 'hello.ko').status).toBe(2);
    expect(kobox('frob')).toMatchObject({ status: 2, stderr: expect.stringContaining("no command 'frob'") });
    expect(kobox('run', 'nosuch.ko')).toMatchObject({ status: 1, stderr: expect.stringContaining('nosuch.ko') });
  });
});

describe('kobox info', () => {
  it('prints what modinfo prints, then sections and exports', () => {
    const { status, stdout } = kobox('info', 'exporter.ko');
    expect(status).toBe(0);
    expect(stdout).toContain(`filename:       ${PREBUILT}/exporter.ko\n`);
    expect(stdout).toContain('\nlicense:        GPL\ndescription:    Exports symbols to other modules\ndepends:        \nretpoline:      Y\nname:           exporter\nvermagic:       6.1.0-');
    expect(stdout).toMatch(/\n {2}\.text +97 {2}AX +\d+ relocations\n/);
    expect(stdout).toMatch(/exports:\n(.*\n)* {2}exporter_add +0x[0-9a-f]{8}\n/);
    expect(stdout).toMatch(/exporter_for_each +0x[0-9a-f]{8} GPL/);
  });
  it('merges parm and parmtype as modinfo does', () => {
    const { stdout } = kobox('info', 'params.ko');
    expect(stdout).toContain('parm:           an_int:an int (int)\n');
    expect(stdout).toContain('parm:           a_byte:byte\n');
  });
  it('prints JSON', () => {
    const [module] = JSON.parse(kobox('info', '--json', 'exporter.ko').stdout) as [{ exports: { name: string }[]; sections: { name: string }[] }];
    expect(module.exports.map((symbol) => symbol.name).sort()).toEqual(['exporter_add', 'exporter_counter', 'exporter_for_each']);
    expect(module.sections.map((section) => section.name)).toContain('.text');
  });
  it('refuses what is no module', () => {
    expect(kobox('info', path.join(ROOT, 'package.json'))).toMatchObject({ status: 1, stderr: expect.stringContaining('package.json') });
  });
});

describe('kobox check', () => {
  it('finds nothing against a good module', () => {
    const { status, stdout } = kobox('check', 'hello.ko');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^hello\.ko: loads on 6\.1\.0-/);
    expect(stdout).toMatch(/\d+ instructions in 2 functions, 2 functions fully translated/);
  });
  it('names every missing symbol, and who would provide it', () => {
    const alone = kobox('check', 'user.ko');
    expect(alone.status).toBe(1);
    expect(alone.stdout).toMatch(/^user\.ko: would be refused by /);
    expect(alone.stdout.match(/Unknown symbol exporter_/g)).toHaveLength(3);
    expect(kobox('check', 'user.ko', 'exporter.ko').status).toBe(0);
  });
  it('prints JSON', () => {
    const [result] = JSON.parse(kobox('check', '--json', 'user.ko').stdout) as [{ findings: { kind: string; symbol: string }[] }];
    expect(result.findings.map((finding) => finding.kind)).toEqual(['missing-symbol', 'missing-symbol', 'missing-symbol']);
  });
  const built = testModules('6.1');
  it.skipIf(!built.has('bad_crc.ko'))('says version mismatches and structs that differ', () => {
    const file = (name: string): string => built.get(`${name}.ko`)!;
    expect(kobox('check', file('bad_crc')).stdout).toContain('disagrees about version of symbol _printk');
    expect(kobox('check', file('bad_vermagic')).stdout).toContain('version magic');
    expect(kobox('check', file('unknown_relocation')).stdout).toContain('Unknown rela relocation: 26');
    expect(kobox('check', file('truncated'))).toMatchObject({ status: 1, stdout: expect.stringContaining('Invalid ELF section header overflow') });
  });
  const other = testModules('6.12').get('hello.ko');
  it.skipIf(!other)('tells a module of another kernel', () => {
    const { status, stdout } = kobox('check', other!);
    expect(status).toBe(1);
    expect(stdout).toContain('hello: disagrees about version of symbol module_layout');
    expect(stdout).toContain('struct module: 1280 bytes in the module, 896 in the kernel');
  });
});

describe('kobox abi', () => {
  it('lists the release that ships', () => {
    expect(kobox('abi', 'list').stdout).toMatch(/^6\.1\.0-\d+-amd64 +default, ships with kobox\n/);
  });
  it('shows structs as pahole does, and prototypes', () => {
    expect(kobox('abi', 'show', 'struct', 'list_head').stdout).toMatch(/^struct list_head \{\n\tstruct list_head \* +next; +\/\* +0 +8 \*\/\n/);
    expect(kobox('abi', 'show', 'kmalloc_trace').stdout).toContain('void *kmalloc_trace(struct kmem_cache *s, gfp_t gfpflags, size_t size);');
    expect(kobox('abi', 'show', 'no_such_thing')).toMatchObject({ status: 1, stderr: expect.stringContaining('no_such_thing') });
  });
  it('adds, opens and removes another release', () => {
    const shipped = path.join(ROOT, 'abi', 'linux-6.1-amd64.kabi');
    const { stderr } = kobox('abi', 'add', shipped);
    expect(stderr).toMatch(/^added 6\.1\.0-/);
    const release = /added (\S+)/.exec(stderr)![1]!;
    expect(kobox('abi', 'list').stdout.split('\n').filter((line) => line.startsWith('6.1'))).toHaveLength(2);
    expect(kobox('run', '--abi', release, 'hello.ko', 'n=0').status).toBe(0);
    expect(kobox('run', '--abi', '4.19', 'hello.ko')).toMatchObject({ status: 1, stderr: expect.stringContaining('no ABI of 4.19') });
    expect(kobox('abi', 'remove', release).status).toBe(0);
  });
});

it('kobox --help names every command; --version is that of the package', () => {
  const { status, stdout } = kobox('--help');
  expect(status).toBe(0);
  for (const name of ['run', 'info', 'check', 'abi']) expect(stdout).toContain(`kobox ${name} `);
  expect(kobox('--version').stdout.trim()).toBe((JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }).version);
});
