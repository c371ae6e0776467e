// The exported symbols of a vmlinux, from __ksymtab and __kcrctab. An entry is three 32-bit offsets, each relative to its own
// place: the symbol, its name, its namespace (0 or an empty string for none).

import { AbiError, type ExportedSymbol } from '../abi.ts';
import { cstring, type ElfSection, type ElfSections } from './elf-sections.ts';

const ENTRY_SIZE = 12;

export function kernelExports(image: ElfSections): ExportedSymbol[] {
  const strings = image.get('__ksymtab_strings');
  return [
    ...readTable(image.get('__ksymtab'), image.find('__kcrctab'), strings, false),
    ...readTable(image.get('__ksymtab_gpl'), image.find('__kcrctab_gpl'), strings, true),
  ];
}

function readTable(table: ElfSection, crcs: ElfSection | undefined, strings: ElfSection, isGplOnly: boolean): ExportedSymbol[] {
  const entries = viewOf(table);
  const crcWords = crcs && viewOf(crcs);
  const symbols: ExportedSymbol[] = [];
  /** Text that the offset stored at `at` leads to, '' for a zero offset. */
  const textFrom = (at: number): string => {
    const offset = entries.getInt32(at, true);
    return offset === 0 ? '' : cstring(strings.bytes, Number(table.address - strings.address) + at + offset);
  };
  for (let at = 0; at + ENTRY_SIZE <= table.bytes.length; at += ENTRY_SIZE) {
    const name = textFrom(at + 4);
    if (!/^[\w.$]+$/.test(name)) throw new AbiError('the symbol table of the kernel image is in a form that kobox does not know');
    const crcAt = (at / ENTRY_SIZE) * 4;
    const crc = crcWords && crcAt + 4 <= crcWords.byteLength ? crcWords.getUint32(crcAt, true) : undefined;
    symbols.push({ name, crc, isGplOnly, namespace: textFrom(at + 8), owner: 'vmlinux' });
  }
  return symbols;
}

const viewOf = ({ bytes }: ElfSection): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
