// An ABI file from a vmlinux ELF image: types from .BTF, symbols from __ksymtab, names from .rodata.

import { readBtf } from '../btf/read-btf.ts';
import { writeAbiFile } from '../file/write-abi-file.ts';
import { ElfSections } from './elf-sections.ts';
import { identify } from './identification.ts';
import { kernelExports } from './kernel-exports.ts';

export function abiFromVmlinux(image: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new ElfSections(image);
  return writeAbiFile({
    ...identify(sections.get('.rodata').bytes),
    perCpuSizeBytes: sections.find('.data..percpu')?.bytes.length ?? 0,
    btf: readBtf(sections.get('.BTF').bytes),
    exports: kernelExports(sections),
  });
}
