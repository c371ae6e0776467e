import { describe, expect, test } from 'vitest';
import { everyKind } from '../../../test/abi/btf-builder.ts';
import { BANNER, miniDeb, miniVmlinux, miniVmlinuz, VERMAGIC } from '../../../test/abi/mini-kernel.ts';
import { AbiError } from '../abi.ts';
import { openAbi } from '../open.ts';
import { makeAbi } from './make-abi.ts';

const KERNEL = { plain: [{ name: 'do_it', crc: 0x1234 }, { name: 'plain', crc: 5, namespace: '' }], gpl: [{ name: 'gpl_only', crc: 0xffff_ffff, namespace: 'SPACE' }] };
const vmlinux = miniVmlinux(KERNEL);
const expected = makeAbi(vmlinux);

test('a vmlinux', () => {
  const abi = openAbi(expected);
  expect(abi).toMatchObject({ release: '6.1.0-mini', version: '#7 SMP PREEMPT_DYNAMIC Mini 6.1-7 (2026-01-02)', vermagic: VERMAGIC, perCpuSizeBytes: 96 });
  expect([...abi.exportedSymbols()]).toEqual([
    { name: 'do_it', crc: 0x1234, isGplOnly: false, namespace: '', owner: 'vmlinux' },
    { name: 'gpl_only', crc: 0xffff_ffff, isGplOnly: true, namespace: 'SPACE', owner: 'vmlinux' },
    { name: 'plain', crc: 5, isGplOnly: false, namespace: '', owner: 'vmlinux' },
  ]);
  expect(abi.struct('outer').offset('bits')).toBe(24);
});

test('vmlinuz and packages give the same', () => {
  const vmlinuz = miniVmlinuz(vmlinux);
  const files = { './': new Uint8Array(), './boot/config-6.1.0-mini': new Uint8Array(700), './boot/vmlinuz-6.1.0-mini': vmlinuz, './lib/x': new Uint8Array(9) };
  expect(makeAbi(vmlinuz)).toEqual(expected);
  expect(makeAbi(miniDeb(files))).toEqual(expected);
  expect(makeAbi(miniDeb(files, false))).toEqual(expected);
});

describe('Module.symvers', () => {
  const symvers = '0x00000abc\tdo_it\tvmlinux\tEXPORT_SYMBOL\n0x00000007\tusb_x\tdrivers/usbx\tEXPORT_SYMBOL_GPL\tUSB\n';
  test('adds the symbols of modules and the CRCs that the image lacks', () => {
    const withCrcs = openAbi(makeAbi(vmlinux, { symvers }));
    expect(withCrcs.exportedSymbol('usb_x')).toEqual({ name: 'usb_x', crc: 7, isGplOnly: true, namespace: 'USB', owner: 'drivers/usbx' });
    expect(withCrcs.exportedSymbol('do_it')!.crc).toBe(0x1234);
    const bare = miniVmlinux({ ...KERNEL, hasCrcs: false });
    expect(openAbi(makeAbi(bare)).exportedSymbol('do_it')!.crc).toBeUndefined();
    expect(openAbi(makeAbi(bare, { symvers })).exportedSymbol('do_it')!.crc).toBe(0xabc);
  });
  test('a raw BTF file needs it', () => {
    const btf = everyKind().bytes();
    expect(() => makeAbi(btf)).toThrow('a raw BTF file names no kernel');
    expect(() => makeAbi(btf, { release: '6.1.0-x' })).toThrow('give the Module.symvers');
    const abi = openAbi(makeAbi(btf, { release: '6.1.0-x', symvers }));
    expect(abi).toMatchObject({ release: '6.1.0-x', vermagic: '6.1.0-x SMP preempt mod_unload modversions ', perCpuSizeBytes: 64 });
    expect(abi.exportedSymbol('do_it')!.crc).toBe(0xabc);
  });
  test('in another form is refused', () => expect(() => makeAbi(vmlinux, { symvers: 'do_it vmlinux' })).toThrow('Module.symvers, line 1'));
});

describe('what is no kernel', () => {
  const refused: Record<string, [Uint8Array, string]> = {
    'an empty file': [new Uint8Array(), 'neither a kernel image'],
    'text': [new TextEncoder().encode('hello '.repeat(200)), 'neither a kernel image'],
    'a package without a kernel': [miniDeb({ './usr/share/doc/x': new Uint8Array(3) }), 'it is no linux-image package'],
    'an ELF file without BTF': [miniVmlinux(KERNEL).map((byte, i, all) => (all[i] === 0x42 && all[i + 1] === 0x54 && all[i + 2] === 0x46 ? 0x58 : byte)), 'no section .BTF'],
    'a kernel without banner': [miniVmlinux({ ...KERNEL, rodata: `${VERMAGIC}\0` }), 'no version banner'],
    'a kernel without modules': [miniVmlinux({ ...KERNEL, rodata: `${BANNER}\0` }), 'built without modules'],
    'an ELF file of another machine': [miniVmlinux(KERNEL).map((byte, i) => (i === 18 ? 183 : byte)), 'not for x86-64'],
    'a vmlinuz that is cut off': [miniVmlinuz(vmlinux).slice(0, 2500), 'cut off'],
  };
  for (const [what, [bytes, message]] of Object.entries(refused)) {
    test(what, () => {
      expect(() => makeAbi(bytes)).toThrow(AbiError);
      expect(() => makeAbi(bytes)).toThrow(message);
    });
  }
  test('truncations and flipped bits: an ABI or an AbiError', () => {
    const attempt = (bytes: Uint8Array): void => {
      try {
        openAbi(makeAbi(bytes));
      } catch (error) {
        if (!(error instanceof AbiError)) throw error;
      }
    };
    const image = vmlinux.slice();
    for (let size = 0; size < image.length; size += 7) attempt(image.slice(0, size));
    for (let bit = 0; bit < image.length * 8; bit += 3) {
      image[bit >> 3]! ^= 1 << (bit & 7);
      attempt(image);
      image[bit >> 3]! ^= 1 << (bit & 7);
    }
    const deb = miniDeb({ './boot/vmlinuz-x': miniVmlinuz(vmlinux) }, false);
    for (let at = 0; at < 1300; at++) {
      const before = deb[at]!;
      deb[at] = before ^ 0x55;
      attempt(deb);
      deb[at] = before;
    }
  });
});
