// Where the structs that a module was compiled with differ from those of the kernel in use: what a wrong offset in its machine
// code comes from. A module says it by the size of its `struct module`, and by BTF of its own: a whole one, or the base that newer
// kernels distil into `.BTF.base`. The split BTF of a distribution's module says nothing without the vmlinux it was made with.

import { type Abi, AbiError, type StructLayout } from '../../abi/abi.ts';
import type { Btf } from '../../abi/btf/btf-types.ts';
import { readBtf } from '../../abi/btf/read-btf.ts';
import { R_X86_64_64 } from '../../elf/constants.ts';
import { type Elf64, parseElf64 } from '../../elf/elf64.ts';
import { THIS_MODULE } from './section-names.ts';
import { splitSignature } from './signature.ts';

export interface StructDifference {
  readonly struct: string;
  /** What differs: `896 bytes in the module, 1280 in the kernel`, `f_pos at 64 in the module, at 96 in the kernel`. */
  readonly text: string;
}

/** ElfError for a file that is no ELF64 object. */
export function structDifferences(bytes: Uint8Array, abi: Abi): StructDifference[] {
  const elf = parseElf64(splitSignature(bytes)?.image ?? bytes);
  return [...ownStruct(elf, abi), ...btfStructs(elf, abi)];
}

/** `struct module` lies in the file itself, with relocations where init and exit are. */
function* ownStruct(elf: Elf64, abi: Abi): Iterable<StructDifference> {
  const section = elf.find(THIS_MODULE);
  if (!section) return;
  const layout = abi.struct<string>('module');
  if (section.size !== layout.sizeBytes) yield { struct: 'module', text: sizes(section.size, layout.sizeBytes) };
  const relocations = elf.sections.find((candidate) => candidate.type === 4 && candidate.info === section.index);
  const pointers = relocations && elf.relocations(relocations);
  const known = ['init', 'exit'].filter((name) => layout.hasField(name)).map((name) => layout.offset(name));
  for (let i = 0; pointers && i < pointers.count; i++) {
    if (pointers.type(i) === R_X86_64_64 && !known.includes(pointers.offset(i))) yield { struct: 'module', text: `a function pointer at ${pointers.offset(i)} in the module, where the kernel has none` };
  }
}

function* btfStructs(elf: Elf64, abi: Abi): Iterable<StructDifference> {
  for (const name of ['.BTF.base', '.BTF']) {
    const section = elf.find(name);
    if (section) yield* btfDifferences(elf.content(section), abi);
  }
}

/** The same for the content of a BTF section. */
export function* btfDifferences(content: Uint8Array, abi: Abi): Iterable<StructDifference> {
  const btf = tryRead(content);
  if (btf) yield* compareAll(btf, abi);
}

function tryRead(content: Uint8Array): Btf | undefined {
  try {
    return readBtf(content);
  } catch (error) {
    if (error instanceof AbiError) return undefined; // Split BTF, whose ids lead into a vmlinux that is not here.
    throw error;
  }
}

function* compareAll(btf: Btf, abi: Abi): Iterable<StructDifference> {
  const seen = new Set<string>();
  for (let id = btf.firstId; id < btf.endId; id++) {
    const type = btf.type(id);
    if (type.kind !== 'struct' || type.name === '' || seen.has(type.name) || !abi.hasStruct(type.name)) continue;
    seen.add(type.name);
    const layout: StructLayout = abi.struct<string>(type.name);
    if (type.sizeBytes !== layout.sizeBytes) yield { struct: type.name, text: sizes(type.sizeBytes, layout.sizeBytes) };
    for (const member of type.members) {
      if (member.name === '') continue;
      const field = layout.hasField(member.name) ? layout.field(member.name) : undefined;
      const bit = field && field.offset * 8 + field.bitOffset;
      if (bit === undefined) yield { struct: type.name, text: `${member.name} at ${place(member.bitOffset)} in the module, absent in the kernel` };
      else if (bit !== member.bitOffset) yield { struct: type.name, text: `${member.name} at ${place(member.bitOffset)} in the module, at ${place(bit)} in the kernel` };
    }
  }
}

const sizes = (module: number, kernel: number): string => `${module} bytes in the module, ${kernel} in the kernel`;
const place = (bit: number): string => (bit % 8 === 0 ? `${bit / 8}` : `${Math.floor(bit / 8)} bit ${bit % 8}`);
