import { describe, expect, it } from 'vitest';
import type { ElfEditor } from '../../../test/modules/elf-editor.ts';
import { FakeKernel } from '../../../test/modules/fake-kernel.ts';
import { edit, moduleFile } from '../../../test/modules/fixtures.ts';
import { Errno, LoadError } from '../errors.ts';

const kitchen = moduleFile('kitchen');
const guest = moduleFile('guest');
const bsd = (editor: ElfEditor): Uint8Array => editor.replace('license=GPL\0', 'license=BSD\0').bytes;

function refusal(kernel: FakeKernel, bytes: Uint8Array, parameters = ''): { code: string; issues: string[] } {
  try {
    kernel.insmod(bytes, parameters);
  } catch (error) {
    if (error instanceof LoadError) return { code: error.code, issues: error.issues.map((issue) => issue.text) };
    if (error instanceof Errno) return { code: error.code, issues: [] };
    throw error;
  }
  return { code: 'done', issues: [] };
}

it('links modules to each other and records the use', () => {
  const kernel = new FakeKernel();
  kernel.insmod(kitchen);
  kernel.insmod(guest);
  expect(kernel.system.modules().map(({ name, users, uses, refcount }) => ({ name, users, uses, refcount }))).toEqual([
    { name: 'guest', users: [], uses: ['kitchen'], refcount: 0 }, { name: 'kitchen', users: ['guest'], uses: [], refcount: 1 },
  ]);
  expect(kernel.system.modules()[1]!.exports.toSorted()).toEqual(['kitchen_one', 'kitchen_spaced', 'kitchen_two']);
  kernel.rmmod('guest');
  expect(kernel.system.modules()[0]!.refcount).toBe(0);
});

it('drops the use when a later step fails', () => {
  const kernel = new FakeKernel();
  kernel.insmod(kitchen);
  kernel.cpu.scripts.set('guest_init', () => -1);
  expect(refusal(kernel, guest).code).toBe('EPERM');
  expect(kernel.system.modules().map(({ name, refcount, users }) => [name, refcount, users])).toEqual([['kitchen', 0, []]]);
});

describe('refusals', () => {
  it('lists every symbol that is missing', () => {
    const kernel = new FakeKernel();
    const { code, issues } = refusal(kernel, guest);
    expect(code).toBe('ENOENT');
    expect(issues).toEqual(['kitchen_one', 'kitchen_spaced', 'kitchen_two'].map((symbol) => `guest: Unknown symbol ${symbol} (err -2)`));
  });
  it('hides GPL-only symbols from others', () => {
    const kernel = new FakeKernel();
    kernel.insmod(kitchen);
    expect(refusal(kernel, bsd(edit('guest')))).toEqual({ code: 'ENOENT', issues: ['guest: Unknown symbol kitchen_two (err -2)'] });
    expect(kernel.log).toContain("4 guest: module license 'BSD' taints kernel.");
  });
  it('wants namespaces imported', () => {
    const kernel = new FakeKernel();
    kernel.insmod(kitchen);
    expect(refusal(kernel, edit('guest').replace('import_ns=KITCHEN', 'import_ns=KITCHIN').bytes)).toEqual({
      code: 'EINVAL', issues: ['guest: module uses symbol (kitchen_spaced) from namespace KITCHEN, but does not import it.', 'guest: Unknown symbol kitchen_spaced (err -22)'],
    });
    expect(kernel.system.modules()[0]!.refcount).toBe(0);
  });
  it('keeps GPL-only users away from proprietary modules', () => {
    const kernel = new FakeKernel();
    kernel.insmod(bsd(edit('kitchen')));
    // kitchen_two is GPL-only: what is asked for before it spreads the taint, what comes after it is refused.
    const { code, issues } = refusal(kernel, guest);
    expect(code).toBe('ENOENT');
    expect(issues).toEqual(['guest: Unknown symbol kitchen_two (err -2)']);
    expect(kernel.log).toContain('4 guest: module uses symbols kitchen_one from proprietary module kitchen, inheriting taint.');
  });
  it('refuses an export that exists', () => {
    const kernel = new FakeKernel();
    kernel.insmod(kitchen);
    const other = edit('kitchen');
    const at = other.offset('.gnu.linkonce.this_module') + 24;
    other.set(at, 1, 'p'.charCodeAt(0));
    expect(refusal(kernel, other.bytes)).toEqual({ code: 'ENOEXEC', issues: ['pitchen: exports duplicate symbol kitchen_one (owned by kitchen)'] });
    const kernels = edit('kitchen').replace('kitchen_one\0', '_printk\0\0\0\0\0');
    expect(refusal(new FakeKernel(), kernels.bytes).issues).toEqual(['kitchen: exports duplicate symbol _printk (owned by kernel)']);
  });
});

it('leaves a weak symbol at 0', () => {
  const kernel = new FakeKernel();
  kernel.insmod(kitchen);
  expect(kernel.log.filter((line) => line.includes('kitchen_absent'))).toEqual([]);
});

it('taints for force, once', () => {
  const kernel = new FakeKernel();
  kernel.insmod(kitchen, '', 3);
  expect(kernel.takeLog().slice(0, 3)).toEqual(['4 kitchen: module_layout: kernel tainted.', '4 Disabling lock debugging due to kernel taint', '4 kitchen: loading out-of-tree module taints kernel.']);
  expect(kernel.system.modules()[0]!.taints).toBe('FOE');
  kernel.rmmod('kitchen');
  kernel.insmod(kitchen, '', 1);
  expect(kernel.takeLog()).toEqual([]);
});

it('remarks on a module without retpolines where they are needed', () => {
  const bytes = edit('kitchen').replace('retpoline=Y', 'retpoline_Y').bytes;
  const kernel = new FakeKernel({ options: { isRetpolineActive: true } });
  kernel.insmod(bytes);
  expect(kernel.log.slice(1, 3)).toEqual(['3 Spectre V2 : System may be vulnerable to spectre v2', '4 kitchen: loading module not compiled with retpoline compiler.']);
  const other = new FakeKernel();
  other.insmod(bytes);
  expect(other.log.filter((line) => line.includes('retpoline'))).toEqual([]);
});

it('accepts a signature it can verify', () => {
  const signature = '\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02';
  const signed = edit('kitchen').append(`${signature}\0\0\x02${'\0'.repeat(8)}\x0d~Module signature appended~\n`).bytes;
  for (const [verdict, code] of [['ok', 'done'], ['nokey', 'EKEYREJECTED'], ['bad', 'EKEYREJECTED'], ['unparsable', 'EBADMSG']] as const) {
    const kernel = new FakeKernel({
      options: { isSignatureEnforced: true },
      verifySignature: (image, pkcs7) => (image.length === kitchen.length && pkcs7.length === signature.length ? verdict : 'bad'),
    });
    expect(refusal(kernel, signed).code).toBe(code);
    if (verdict === 'ok') expect(kernel.system.modules()[0]!.taints).toBe('O');
    if (verdict === 'nokey') expect(kernel.log).toEqual(['5 Loading of module with unavailable key is rejected']);
  }
});
