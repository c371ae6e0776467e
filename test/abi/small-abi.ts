// A small kernel release for tests: the types of `everyKind` and two exported symbols.

import type { ExportedSymbol } from '../../src/abi/abi.ts';
import { readBtf } from '../../src/abi/btf/read-btf.ts';
import { writeAbiFile } from '../../src/abi/file/write-abi-file.ts';
import { type BtfBuilder, everyKind } from './btf-builder.ts';

export const SMALL_EXPORTS: readonly ExportedSymbol[] = [
  { name: 'do_it', crc: 0xdeadbeef, isGplOnly: true, namespace: 'SPACE', owner: 'vmlinux' },
  { name: 'other', crc: undefined, isGplOnly: false, namespace: '', owner: 'drivers/other' },
];

export const smallAbiFile = (types: BtfBuilder = everyKind()): Uint8Array<ArrayBuffer> => writeAbiFile({
  release: '6.1.0-test', version: '#1 SMP test', vermagic: '6.1.0-test SMP mod_unload ', perCpuSizeBytes: 64, btf: readBtf(types.bytes()), exports: SMALL_EXPORTS,
});
