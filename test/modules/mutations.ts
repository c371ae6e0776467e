// Broken modules by the thousand: single fields of ELF structures changed to values that hurt, texts changed, bits flipped, files
// cut. The same seed gives the same file.

import { ElfEditor, type HeaderField, type RelaField, type SectionField, type SymbolField } from './elf-editor.ts';

/** xorshift32. */
export class Random {
  #state: number;
  constructor(seed: number) { this.#state = (seed * 2654435761) >>> 0 || 1; }
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return this.#state = x >>> 0;
  }
  below(limit: number): number { return this.next() % limit; }
  pick<T>(items: readonly T[]): T { return items[this.below(items.length)]!; }
}

const HEADER_FIELDS: readonly HeaderField[] = ['type', 'machine', 'shoff', 'ehsize', 'shentsize', 'shnum', 'shstrndx'];
const SECTION_FIELDS: readonly SectionField[] = ['name', 'type', 'flags', 'addr', 'offset', 'size', 'link', 'info', 'align', 'entsize'];
const SYMBOL_FIELDS: readonly SymbolField[] = ['name', 'info', 'other', 'shndx', 'value', 'size'];
const RELA_FIELDS: readonly RelaField[] = ['offset', 'type', 'symbol', 'addend'];

function badValue(random: Random, fileSize: number): bigint {
  const big = [0n, 1n, 2n, 3n, 7n, 8n, 64n, 0x7fn, 0xffn, 0xffffn, 0xff20n, 0xfff1n, 0xfff2n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 1n << 32n, 1n << 40n, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];
  switch (random.below(4)) {
    case 0: return random.pick(big);
    case 1: return BigInt(fileSize + random.below(17) - 8);
    case 2: return BigInt(random.below(256));
    default: return (BigInt(random.next()) << 32n) | BigInt(random.next());
  }
}

type Mutation = (editor: ElfEditor, random: Random) => void;

function sectionsOfType(editor: ElfEditor, type: number): number[] {
  const found: number[] = [];
  for (let i = 1; i < editor.count; i++) if (editor.view.getUint32(editor.sectionAt(i) + 4, true) === type) found.push(i);
  return found;
}
function byteIn(editor: ElfEditor, section: number, random: Random): number {
  const size = editor.u64(editor.sectionAt(section) + 32);
  return editor.u64(editor.sectionAt(section) + 24) + (size > 0 ? random.below(size) : 0);
}
const scribble = (editor: ElfEditor, at: number, random: Random): void => { editor.set(at, random.pick([1, 2, 4, 8]), badValue(random, editor.bytes.length)); };

const mutations: Readonly<Record<string, Mutation>> = {
  header: (e, r) => { e.header(r.pick(HEADER_FIELDS), badValue(r, e.bytes.length)); },
  section: (e, r) => { e.section(r.below(e.count), r.pick(SECTION_FIELDS), badValue(r, e.bytes.length)); },
  sectionTwice: (e, r) => { for (const field of [r.pick(SECTION_FIELDS), r.pick(SECTION_FIELDS)]) e.section(1 + r.below(e.count - 1), field, badValue(r, e.bytes.length)); },
  /** Takes a field of another section: right values in the wrong place. */
  sectionSwap: (e, r) => {
    const [from, to] = [e.sectionAt(r.below(e.count)), e.sectionAt(r.below(e.count))];
    const [at, size] = r.pick([[0, 4], [4, 4], [8, 8], [24, 8], [32, 8], [40, 4], [44, 4], [48, 8], [0, 64]] as const);
    for (let i = 0; i < size; i++) e.bytes[to + at + i] = e.bytes[from + at + i]!;
  },
  symbol: (e, r) => { e.symbol(r.below(e.size('.symtab') / 24), r.pick(SYMBOL_FIELDS), badValue(r, e.bytes.length)); },
  relocation: (e, r) => {
    const section = r.pick(sectionsOfType(e, 4));
    const at = e.u64(e.sectionAt(section) + 24) + r.below(Math.max(1, e.u64(e.sectionAt(section) + 32) / 24)) * 24;
    const [offset, size] = ({ offset: [0, 8], type: [8, 4], symbol: [12, 4], addend: [16, 8] } as const)[r.pick(RELA_FIELDS)];
    e.set(at + offset, size, badValue(r, e.bytes.length));
  },
  modinfo: (e, r) => { e.set(byteIn(e, e.index('.modinfo'), r), 1, r.pick([0, 0x3d, 0x20, 0x41, 0xff, r.below(256)])); },
  versions: (e, r) => { scribble(e, byteIn(e, e.index('__versions'), r), r); },
  names: (e, r) => { e.set(byteIn(e, e.index(r.pick(['.shstrtab', '.strtab'])), r), 1, r.pick([0, 0x2e, 0x5f, r.below(256)])); },
  thisModule: (e, r) => { scribble(e, byteIn(e, e.index('.gnu.linkonce.this_module'), r), r); },
  /** Tables that the loader interprets. */
  table: (e, r) => {
    const names = ['__param', '__ksymtab', '__ksymtab_gpl', '__kcrctab', '__jump_table', '__bug_table', '__ex_table', '.altinstructions', '.static_call_sites', '__dyndbg', '__ksymtab_strings', '.note.Linux'];
    const present = names.filter((name) => { try { return e.size(name) > 0; } catch { return false; } });
    scribble(e, byteIn(e, e.index(r.pick(present)), r), r);
  },
  content: (e, r) => { scribble(e, byteIn(e, 1 + r.below(e.count - 1), r), r); },
  bit: (e, r) => { const at = r.below(e.bytes.length); e.bytes[at] = e.bytes[at]! ^ (1 << r.below(8)); },
  bytes: (e, r) => { for (let i = 0, at = r.below(e.bytes.length), n = r.below(32); i < n; i++) e.set(at + i, 1, r.below(256)); },
  cut: (e, r) => { e.cut(r.below(2) === 0 ? r.below(e.bytes.length) : Math.max(0, e.bytes.length - r.below(200))); },
  grow: (e, r) => { e.append(new Uint8Array(r.below(64)).map(() => r.below(256))); },
  signature: (e, r) => { e.append(`${String.fromCharCode(...Array.from({ length: 12 + r.below(4) }, () => r.pick([0, 0, 0, 2, 1, 0xff])))}~Module signature appended~\n`); },
};

export const MUTATIONS = Object.keys(mutations);

export interface Mutant { readonly bytes: Uint8Array; readonly what: string }

/** One to three mutations of `base`. A mutation that finds its structure gone already is left out. */
export function mutate(base: Uint8Array, seed: number): Mutant {
  const random = new Random(seed);
  const editor = new ElfEditor(base);
  const done: string[] = [];
  for (let n = 1 + (random.below(3) === 0 ? random.below(3) : 0); n > 0; n--) {
    const name = random.pick(MUTATIONS);
    try {
      mutations[name]!(editor, random);
      done.push(name);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof Error)) throw error;
    }
  }
  return { bytes: editor.bytes, what: done.join('+') };
}
