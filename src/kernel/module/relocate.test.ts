// Values of relocations: each type at and beyond its limits, and sums that a double does not hold.

import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../../test/modules/fake-kernel.ts';
import { edit } from '../../../test/modules/fixtures.ts';

const THIS_MODULE = '.rela.gnu.linkonce.this_module';
const INIT = 312;

/** Loads kitchen.ko with the relocation of this_module.init changed; the eight bytes that end up there, and where init was. */
function relocate(type: number, addend: bigint, symbolValue?: bigint): { stored: bigint; init: bigint; place: bigint; log: string[] } {
  const editor = edit('kitchen').relocation(THIS_MODULE, 0, 'type', type).relocation(THIS_MODULE, 0, 'addend', addend);
  if (symbolValue !== undefined) editor.symbol('init_module', 'value', symbolValue);
  const kernel = new FakeKernel();
  let init = 0n;
  let stored = 0n;
  let place = 0n;
  // The chain runs before init memory is freed.
  kernel.system.context.notifiers.listen(9, (event, module) => {
    if (event !== 1) return 0;
    init = BigInt(kernel.system.addressOf('kitchen:kitchen_init')!);
    stored = kernel.ram.readU64(module.address + INIT);
    place = BigInt(module.address + INIT);
    return 0;
  });
  try {
    kernel.insmod(editor.bytes);
  } catch {
    // The log tells.
  }
  return { stored, init, place, log: kernel.log };
}
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const [R_64, R_PC32, R_32, R_32S, R_PC64] = [1, 2, 10, 11, 24];

describe('stored values', () => {
  it.each([0n, 5n, -5n, 1n << 40n, -(1n << 40n), (1n << 52n) - 1n, 1n << 52n, 1n << 62n, (1n << 63n) - 1n, -(1n << 63n), -(1n << 62n) + 3n])('64: S + %i', (addend) => {
    const { stored, init } = relocate(R_64, addend);
    expect(stored).toBe(u64(init + addend));
  });
  it.each([0n, -4n, 1n << 45n, (1n << 63n) - 1n])('PC64: S + %i - P', (addend) => {
    const { stored, init, place } = relocate(R_PC64, addend);
    expect(stored).toBe(u64(init + addend - place));
  });
  it.each([0n, -4n, 1n << 31n, 1n << 45n, (1n << 63n) - 1n])('PC32: S + %i - P, the low half', (addend) => {
    const { stored, init, place } = relocate(R_PC32, addend);
    expect(stored).toBe(BigInt.asUintN(32, init + addend - place));
  });
  it.each([0n, 100n, -100n])('32S: S + %i', (addend) => {
    const { stored, init } = relocate(R_32S, addend);
    expect(BigInt.asIntN(32, stored)).toBe(init + addend);
  });
  it('32: what is left of an address that wraps to something small', () => {
    const { init } = relocate(R_64, 0n);
    expect(relocate(R_32, -init + 0xffffffffn).stored).toBe(0xffffffffn);
    expect(relocate(R_32, -init).stored).toBe(0n);
  });
  it('takes symbol values of any size', () => {
    for (const value of [(1n << 63n) - 1n, -(1n << 60n), 1n << 52n]) {
      const { stored, init } = relocate(R_64, 7n, value);
      expect(stored).toBe(u64(init + value + 7n));
    }
  });
});

describe('overflow', () => {
  const overflow = (type: number, value: bigint): string[] => [`3 module: overflow in relocation type ${type} val ${u64(value).toString(16)}`, "3 module: `kitchen' likely not compiled with -mcmodel=kernel"];
  const { init } = relocate(R_64, 0n);
  it.each<[number, bigint]>([
    [R_32, 0n], [R_32, -init - 1n], [R_32, -init + (1n << 32n)], [R_32, (1n << 63n) - 1n],
    [R_32S, -init + (1n << 31n)], [R_32S, -init - (1n << 31n) - 1n], [R_32S, -(1n << 33n)], [R_32S, -(1n << 62n)],
  ])('type %i, addend %i', (type, addend) => {
    expect(relocate(type, addend).log.slice(-2)).toEqual(overflow(type, init + addend));
  });
  it('is none at the limits', () => {
    expect(relocate(R_32S, -init + (1n << 31n) - 1n).stored).toBe(0x7fffffffn);
    expect(relocate(R_32S, -init - (1n << 31n)).stored).toBe(0x80000000n);
  });
});

it('refuses a field that is not zero, also where values are large', () => {
  for (const addend of [0n, 1n << 62n]) {
    const editor = edit('kitchen');
    editor.set(editor.offset('.gnu.linkonce.this_module') + INIT + 5, 1, 1).relocation(THIS_MODULE, 0, 'addend', addend);
    const kernel = new FakeKernel();
    expect(() => kernel.insmod(editor.bytes)).toThrow('ENOEXEC');
    expect(kernel.log.at(-1)).toMatch(/^3 module: x86\/modules: Skipping invalid relocation target, existing value is nonzero for type 1, loc \(____ptrval____\), val [0-9a-f]+$/);
  }
});

it('knows the section of each record', () => {
  // Relocations of sections that are not loaded are left alone, whatever they say.
  const editor = edit('kitchen').section('.rela.init.text', 'info', 1_000_000);
  const kernel = new FakeKernel();
  kernel.insmod(editor.bytes);
  expect(kernel.system.modules()).toHaveLength(1);
});
