// Encodes a kernel release as an ABI file (format.ts) from its BTF, its exported symbols and its identification.

import { AbiError, type ExportedSymbol } from '../abi.ts';
import type { Btf, BtfType } from '../btf/btf-types.ts';
import type { TypeRef } from '../type-graph.ts';
import { ByteWriter } from './byte-writer.ts';
import { EXPORT_GPL, EXPORT_HAS_CRC, FORMAT_VERSION, HEADER_SIZE, MAGIC, SECTIONS, type SectionName } from './format.ts';
import { encodeStrings } from './string-table.ts';
import { writeTypeRecord } from './write-types.ts';

export interface KernelFacts {
  readonly release: string;
  readonly version: string;
  readonly vermagic: string;
  readonly perCpuSizeBytes: number;
  readonly btf: Btf;
  readonly exports: readonly ExportedSymbol[];
}

/** Names in the order their numbers sort, each with the reference it stands for. */
type Index = ReadonlyMap<string, TypeRef>;

interface Indices { readonly composites: Index; readonly typedefs: Index; readonly enums: Index; readonly functions: Index; readonly enumerators: Index }
interface PerCpuVariable { readonly name: string; readonly type: TypeRef; readonly offset: number; readonly sizeBytes: number }

export function writeAbiFile(facts: KernelFacts): Uint8Array<ArrayBuffer> {
  const indices = collectIndices(facts.btf);
  const perCpu = collectPerCpu(facts.btf);
  const { blocks, strings, numbers } = encodeStrings(allNames(facts, perCpu));
  const nameOf = (text: string): number => numbers.get(text)!;
  const { bytes: types, offsetOf } = layOutTypes(facts.btf, nameOf);
  const index = (entries: Index): Uint8Array => {
    const writer = new ByteWriter();
    for (const [name, ref] of [...entries].sort((a, b) => nameOf(a[0]) - nameOf(b[0]))) writer.u24(nameOf(name)).u24(offsetOf(ref));
    return writer.take();
  };
  const identity = new ByteWriter();
  for (const text of [facts.release, facts.version, facts.vermagic]) identity.text(text).u8(0);
  identity.u32(facts.perCpuSizeBytes);
  const owners = [...new Set(facts.exports.map((symbol) => symbol.owner))].sort();
  return assemble({
    identity: identity.take(), blocks, strings, types,
    composites: index(indices.composites), typedefs: index(indices.typedefs), enums: index(indices.enums),
    functions: index(indices.functions), enumerators: index(indices.enumerators),
    owners: writeOwners(owners, nameOf), exports: writeExports(facts.exports, owners, nameOf), percpu: writePerCpu(perCpu, nameOf, offsetOf),
  });
}

function assemble(sections: Record<SectionName, Uint8Array>): Uint8Array<ArrayBuffer> {
  const head = new ByteWriter().u32(MAGIC).u32(FORMAT_VERSION);
  const body = new ByteWriter();
  for (const name of SECTIONS) {
    head.u32(HEADER_SIZE + body.length).u32(sections[name].length);
    body.raw(sections[name]);
  }
  return head.raw(body.take()).take();
}

function* allTypes(btf: Btf): Iterable<[number, BtfType]> {
  for (let id = 1; id < btf.endId; id++) yield [id, btf.type(id)];
}

/** Of several entities with one name (private structs of different files) the first counts, as with libbpf. */
function collectIndices(btf: Btf): Indices {
  const indices = { composites: new Map<string, TypeRef>(), typedefs: new Map<string, TypeRef>(), enums: new Map<string, TypeRef>(), functions: new Map<string, TypeRef>(), enumerators: new Map<string, TypeRef>() };
  const add = (index: Map<string, TypeRef>, name: string, ref: TypeRef): void => { if (name !== '' && !index.has(name)) index.set(name, ref); };
  for (const [id, type] of allTypes(btf)) {
    if (type.kind === 'struct' || type.kind === 'union') add(indices.composites, type.name, id);
    else if (type.kind === 'typedef') add(indices.typedefs, type.name, id);
    else if (type.kind === 'func') add(indices.functions, type.name, type.type);
    else if (type.kind === 'enum') {
      if (type.values.length > 0) add(indices.enums, type.name, id);
      for (const { name } of type.values) add(indices.enumerators, name, id);
    }
  }
  return indices;
}

function collectPerCpu(btf: Btf): PerCpuVariable[] {
  const found = new Map<string, PerCpuVariable>();
  for (const [, section] of allTypes(btf)) {
    if (section.kind !== 'datasec' || section.name !== '.data..percpu') continue;
    for (const { type: id, offset, sizeBytes } of section.variables) {
      const variable = btf.type(id);
      if (variable.kind === 'var' && !found.has(variable.name)) found.set(variable.name, { name: variable.name, type: variable.type, offset, sizeBytes });
    }
  }
  return [...found.values()];
}

function* allNames({ btf, exports }: KernelFacts, perCpu: readonly PerCpuVariable[]): Iterable<string> {
  for (const [, type] of allTypes(btf)) {
    if ('name' in type) yield type.name;
    if (type.kind === 'struct' || type.kind === 'union') for (const member of type.members) yield member.name;
    if (type.kind === 'enum') for (const value of type.values) yield value.name;
    if (type.kind === 'function') for (const parameter of type.parameters) yield parameter.name;
  }
  for (const { name } of perCpu) yield name;
  for (const { name, namespace, owner } of exports) { yield name; yield namespace; yield owner; }
}

/** References have a fixed width, so a first pass over the records finds their offsets and a second writes them. */
function layOutTypes(btf: Btf, nameOf: (text: string) => number): { bytes: Uint8Array; offsetOf: (ref: TypeRef) => number } {
  const offsets = new Uint32Array(btf.endId);
  /** Type tags leave no record of their own. */
  const offsetOf = (ref: TypeRef): number => {
    for (let type = btf.type(ref); type.kind === 'type-tag'; type = btf.type(ref)) ref = type.to;
    return offsets[ref]!;
  };
  const pass = (): Uint8Array => {
    const writer = new ByteWriter().u8(0);
    for (const [id, type] of allTypes(btf)) {
      if (type.kind === 'func' || type.kind === 'var' || type.kind === 'datasec' || type.kind === 'decl-tag' || type.kind === 'type-tag') continue;
      offsets[id] = writer.length;
      writeTypeRecord(writer, type, nameOf, offsetOf);
    }
    return writer.take();
  };
  pass();
  const bytes = pass();
  if (bytes.length > 0xff_ffff) throw new AbiError('the types of this kernel do not fit an ABI file');
  return { bytes, offsetOf };
}

function writeOwners(owners: readonly string[], nameOf: (text: string) => number): Uint8Array {
  const writer = new ByteWriter().varint(owners.length);
  for (const owner of owners) writer.u24(nameOf(owner));
  return writer.take();
}

function writeExports(exports: readonly ExportedSymbol[], owners: readonly string[], nameOf: (text: string) => number): Uint8Array {
  const byName = new Map<string, ExportedSymbol>();
  for (const symbol of exports) if (!byName.has(symbol.name)) byName.set(symbol.name, symbol);
  const ownerNumbers = new Map(owners.map((owner, number) => [owner, number]));
  const writer = new ByteWriter();
  for (const { name, crc, namespace, owner, isGplOnly } of [...byName.values()].sort((a, b) => nameOf(a.name) - nameOf(b.name))) {
    writer.u24(nameOf(name)).u32(crc ?? 0).u24(nameOf(namespace)).u16(ownerNumbers.get(owner)!);
    writer.u8((isGplOnly ? EXPORT_GPL : 0) | (crc === undefined ? 0 : EXPORT_HAS_CRC));
  }
  return writer.take();
}

function writePerCpu(variables: readonly PerCpuVariable[], nameOf: (text: string) => number, offsetOf: (ref: TypeRef) => number): Uint8Array {
  const writer = new ByteWriter();
  for (const { name, type, offset, sizeBytes } of [...variables].sort((a, b) => nameOf(a.name) - nameOf(b.name))) {
    writer.u24(nameOf(name)).u24(offsetOf(type)).u32(offset).u32(sizeBytes);
  }
  return writer.take();
}
