// The sections of a vmlinux (64-bit little-endian ELF), by name and by address. Made for images whose symbol table is
// stripped, as in a vmlinuz.

import { AbiError } from '../abi.ts';

export interface ElfSection { readonly name: string; readonly address: bigint; readonly bytes: Uint8Array }

const SHT_NOBITS = 8;
const EM_X86_64 = 62;
const latin1 = new TextDecoder('latin1');

export function isElf(bytes: Uint8Array): boolean { return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46; }

export class ElfSections {
  readonly list: readonly ElfSection[];
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 64 || !isElf(bytes) || bytes[4] !== 2 || bytes[5] !== 1) throw new AbiError('the kernel image is no 64-bit little-endian ELF file');
    if (view.getUint16(18, true) !== EM_X86_64) throw new AbiError('the kernel image is not for x86-64');
    const table = Number(view.getBigUint64(40, true));
    const count = view.getUint16(60, true);
    if (table + count * 64 > bytes.length || count === 0) throw new AbiError('the kernel image has no section headers');
    const headers = Array.from({ length: count }, (_, i) => {
      const at = table + i * 64;
      const offset = Number(view.getBigUint64(at + 24, true));
      const size = view.getUint32(at + 4, true) === SHT_NOBITS ? 0 : Number(view.getBigUint64(at + 32, true));
      if (offset + size > bytes.length) throw new AbiError('a section of the kernel image is cut off');
      return { name: view.getUint32(at, true), address: view.getBigUint64(at + 16, true), bytes: bytes.subarray(offset, offset + size) };
    });
    const names = headers[view.getUint16(62, true)]?.bytes ?? new Uint8Array();
    this.list = headers.map(({ name, address, bytes: content }) => ({ name: cstring(names, name), address, bytes: content }));
  }
  find(name: string): ElfSection | undefined { return this.list.find((section) => section.name === name); }
  get(name: string): ElfSection {
    const section = this.find(name);
    if (!section) throw new AbiError(`the kernel image has no section ${name}`);
    return section;
  }
}

/** Latin-1 text up to the NUL, '' where it is cut off. */
export function cstring(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return at < 0 || end < 0 ? '' : latin1.decode(bytes.subarray(at, end));
}
