// The least of a module loader: sections of a `.ko` into RAM, relocations, names of functions. Imports get addresses in kernel
// text. For benchmarks of the processor alone; the real loader is src/kernel/module.

import { KERNEL_BASE } from '../../src/base/ptr.ts';
import type { Ram } from '../../src/base/ram.ts';
import { KERNEL_TEXT_OFFSET, READ_ONLY_SHARE } from '../../src/cpu/layout.ts';

export interface LoadedFunction { readonly address: number; readonly size: number; readonly name: string }
export interface LoadedModule {
  readonly functions: readonly LoadedFunction[];
  /** Address of every defined symbol. */
  readonly symbols: ReadonlyMap<string, number>;
  /** Names of imports by address. */
  readonly imports: ReadonlyMap<number, string>;
  readonly text: readonly { readonly address: number; readonly size: number }[];
}

const DATA_OFFSET = 0x0200_0000;
const SHF_WRITE = 1, SHF_ALLOC = 2, SHF_EXECINSTR = 4;
const SHT_RELA = 4, SHT_NOBITS = 8, SHT_SYMTAB = 2, STT_FUNC = 2;

export function loadModule(file: Uint8Array, ram: Ram): LoadedModule {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const sections = Array.from({ length: view.getUint16(0x3c, true) }, (_, i) => {
    const at = u64(0x28) + i * 64;
    return { type: view.getUint32(at + 4, true), flags: u64(at + 8), offset: u64(at + 24), size: u64(at + 32), link: view.getUint32(at + 40, true), info: view.getUint32(at + 44, true), align: u64(at + 48) || 1, address: 0 };
  });
  let data = DATA_OFFSET, readOnly = ram.sizeBytes * (1 - READ_ONLY_SHARE);
  for (const section of sections) {
    if (!(section.flags & SHF_ALLOC)) continue;
    const isWritable = (section.flags & SHF_WRITE) !== 0;
    const offset = Math.ceil((isWritable ? data : readOnly) / section.align) * section.align;
    if (isWritable) data = offset + section.size;
    else readOnly = offset + section.size;
    section.address = offset + KERNEL_BASE;
    if (section.type !== SHT_NOBITS) ram.u8.set(file.subarray(section.offset, section.offset + section.size), offset);
  }
  const symtab = sections.find((section) => section.type === SHT_SYMTAB)!;
  const strings = sections[symtab.link]!;
  const latin1 = new TextDecoder('latin1');
  const nameAt = (offset: number): string => {
    const start = strings.offset + offset;
    return latin1.decode(file.subarray(start, file.indexOf(0, start)));
  };
  const imports = new Map<number, string>(), byName = new Map<string, number>(), addresses: number[] = [];
  const functions: LoadedFunction[] = [];
  for (let at = symtab.offset; at < symtab.offset + symtab.size; at += 24) {
    const name = nameAt(view.getUint32(at, true)), section = view.getUint16(at + 6, true), value = u64(at + 8);
    let address = value;
    if (section === 0 && name !== '') {
      address = KERNEL_BASE + KERNEL_TEXT_OFFSET + imports.size * 16;
      imports.set(address, name);
    } else if (section < sections.length) {
      address = sections[section]!.address + value;
      if (name !== '') byName.set(name, address);
      if ((file[at + 4]! & 15) === STT_FUNC) functions.push({ address, size: u64(at + 16), name });
    }
    addresses.push(address);
  }
  for (const section of sections) {
    if (section.type !== SHT_RELA || !sections[section.info]!.address) continue;
    for (let at = section.offset; at < section.offset + section.size; at += 24) {
      const place = sections[section.info]!.address + u64(at);
      const target = addresses[view.getUint32(at + 12, true)]! + Number(view.getBigInt64(at + 16, true));
      const offset = place - KERNEL_BASE;
      switch (view.getUint32(at + 8, true)) {
        case 1: ram.view.setBigInt64(offset, BigInt(target), true); break;
        case 2: case 4: ram.view.setInt32(offset, target - place, true); break;
        case 10: case 11: ram.view.setInt32(offset, target, true); break;
        case 24: ram.view.setBigInt64(offset, BigInt(target - place), true); break;
        case 0: break;
        default: throw new Error(`relocation type ${view.getUint32(at + 8, true)}`);
      }
    }
  }
  functions.sort((a, b) => a.address - b.address);
  const text = sections.filter((section) => section.address !== 0 && section.flags & SHF_EXECINSTR && section.size > 0);
  return { functions, symbols: byName, imports, text };
}
