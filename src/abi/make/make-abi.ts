// Makes an ABI file from whatever holds a kernel: a vmlinux, a vmlinuz, a linux-image .deb, a raw BTF file with Module.symvers.

import { isPacked, unpack, UnpackError } from '../../base/unpack/unpack.ts';
import { AbiError, type ExportedSymbol } from '../abi.ts';
import type { Btf } from '../btf/btf-types.ts';
import { readBtf } from '../btf/read-btf.ts';
import { writeAbiFile } from '../file/write-abi-file.ts';
import { isDeb, kernelOfDeb } from './deb.ts';
import { ElfSections, isElf } from './elf-sections.ts';
import { identify } from './identification.ts';
import { kernelExports } from './kernel-exports.ts';
import { mergeExports, parseSymvers } from './symvers.ts';
import { isVmlinuz, unpackVmlinuz } from './vmlinuz.ts';

export interface MakeAbiOptions {
  /** Text of Module.symvers: CRCs where the image has none, and the symbols that modules export. */
  readonly symvers?: string;
  /** `uname -r` and `uname -v` of a raw BTF file, which names no kernel. */
  readonly release?: string;
  readonly version?: string;
}

/** The ABI file of a kernel. AbiError tells what is wrong with the input. */
export function makeAbi(input: Uint8Array, options: MakeAbiOptions = {}): Uint8Array<ArrayBuffer> {
  try {
    return fromAny(input, options.symvers === undefined ? [] : parseSymvers(options.symvers), options);
  } catch (error) {
    throw error instanceof UnpackError ? new AbiError(error.message) : error;
  }
}

function fromAny(input: Uint8Array, symvers: readonly ExportedSymbol[], options: MakeAbiOptions): Uint8Array<ArrayBuffer> {
  if (isDeb(input)) return fromAny(kernelOfDeb(input), symvers, options);
  if (isVmlinuz(input)) return fromVmlinux(unpackVmlinuz(input), symvers);
  if (isElf(input)) return fromVmlinux(input, symvers);
  if (input[0] === 0x9f && input[1] === 0xeb) return fromBtf(readBtf(input), symvers, options);
  if (isPacked(input)) return fromAny(unpack(input), symvers, options);
  throw new AbiError('neither a kernel image (vmlinux, vmlinuz) nor a linux-image package nor a BTF file');
}

function fromVmlinux(image: Uint8Array, symvers: readonly ExportedSymbol[]): Uint8Array<ArrayBuffer> {
  const sections = new ElfSections(image);
  return writeAbiFile({
    ...identify(sections.get('.rodata').bytes),
    perCpuSizeBytes: sections.find('.data..percpu')?.bytes.length ?? 0,
    btf: readBtf(sections.get('.BTF').bytes),
    exports: mergeExports(kernelExports(sections), symvers),
  });
}

function fromBtf(btf: Btf, symvers: readonly ExportedSymbol[], { release, version }: MakeAbiOptions): Uint8Array<ArrayBuffer> {
  if (release === undefined) throw new AbiError('a raw BTF file names no kernel: give its release (uname -r)');
  if (symvers.length === 0) throw new AbiError('a raw BTF file has no exported symbols: give the Module.symvers of the kernel');
  // What distributions' x86-64 kernels build their modules with.
  const vermagic = `${release} SMP preempt mod_unload modversions `;
  return writeAbiFile({ release, version: version ?? '', vermagic, perCpuSizeBytes: perCpuSize(btf), btf, exports: symvers });
}

function perCpuSize(btf: Btf): number {
  for (let id = btf.firstId; id < btf.endId; id++) {
    const type = btf.type(id);
    if (type.kind === 'datasec' && type.name === '.data..percpu') return Math.max(type.sizeBytes, ...type.variables.map(({ offset, sizeBytes }) => offset + sizeBytes));
  }
  return 0;
}
