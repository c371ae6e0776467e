// Opens an ABI file: the Abi over bytes that lie in memory. Costs a header's parse; every lookup decodes what it needs.

import { type Abi, AbiError, type CType, type ExportedSymbol, type LayoutOf, type Parameter, type Prototype, type StructLayout } from './abi.ts';
import { CTypes } from './c-type.ts';
import { declare } from './declaration.ts';
import { extraPrototype } from './extra-prototypes.ts';
import { AbiFile } from './file/abi-file.ts';
import { CompositeLayout } from './struct-layout.ts';
import { type FunctionType, type NamedType, resolve, sizeOfType, type TypeRef } from './type-graph.ts';

/** `bytes` may be of a subclass (Node's Buffer), whose parts are slow to make. */
export const openAbi = (bytes: Uint8Array): Abi => new FileAbi(new AbiFile(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)));

class FileAbi implements Abi {
  readonly release: string;
  readonly version: string;
  readonly vermagic: string;
  readonly kernelVersion: readonly [number, number];
  readonly perCpuSizeBytes: number;
  readonly #file: AbiFile;
  readonly #types: CTypes;
  readonly #structs = new Map<string, StructLayout | undefined>();
  readonly #prototypes = new Map<string, Prototype | undefined>();

  constructor(file: AbiFile) {
    this.release = file.release;
    this.version = file.version;
    this.vermagic = file.vermagic;
    this.perCpuSizeBytes = file.perCpuSizeBytes;
    const numbers = /^(\d+)\.(\d+)/.exec(file.release);
    this.kernelVersion = [Number(numbers?.[1] ?? 0), Number(numbers?.[2] ?? 0)];
    this.#file = file;
    this.#types = new CTypes(file, (name, type, types) => new CompositeLayout(name, type, file, types));
  }

  struct<Name extends string>(name: Name): LayoutOf<Name> {
    const layout = this.#struct(name);
    if (!layout) throw new AbiError(`${this.release} has no struct or union ${name}`);
    return layout as LayoutOf<Name>;
  }
  hasStruct(name: string): boolean { return this.#struct(name) !== undefined; }
  /** sizeof for a struct, union, typedef or enum. */
  sizeOf(name: string): number {
    const layout = this.#struct(name);
    if (layout) return layout.sizeBytes;
    const ref = this.#file.lookup('typedefs', name) ?? this.#file.lookup('enums', name);
    if (ref === undefined) throw new AbiError(`${this.release} has no type ${name}`);
    return sizeOfType(this.#file, ref);
  }

  declarationOf(name: string): string | undefined {
    const alias = this.#file.lookup('typedefs', name);
    const node = this.#file.node(alias ?? 0);
    if (node.kind === 'typedef') return `typedef ${declare(this.#file, node.to, name)};`;
    const listed = this.#file.node(this.#file.lookup('enums', name) ?? 0);
    if (listed.kind !== 'enum') return undefined;
    return [`enum ${name} {`, ...listed.values.map(({ name: label, value }) => `\t${label} = ${value},`), '};'].join('\n');
  }
  enumerator(name: string): number | undefined {
    const ref = this.#file.lookup('enumerators', name);
    if (ref === undefined) return undefined;
    const node = this.#file.node(ref);
    const found = node.kind === 'enum' ? node.values.find((value) => value.name === name) : undefined;
    return found && Number(found.value);
  }

  prototype(symbol: string): Prototype | undefined {
    if (!this.#prototypes.has(symbol)) this.#prototypes.set(symbol, this.#readPrototype(symbol));
    return this.#prototypes.get(symbol);
  }
  exportedSymbol(name: string): ExportedSymbol | undefined { return this.#file.exportedSymbol(name); }
  exportedSymbols(): Iterable<ExportedSymbol> { return this.#file.exportedSymbols(); }
  perCpuVariable(name: string): { readonly offset: number; readonly sizeBytes: number } | undefined { return this.#file.perCpuVariable(name); }

  #struct(name: string): StructLayout | undefined {
    if (!this.#structs.has(name)) {
      const ref: TypeRef | undefined = this.#file.lookup('composites', name) ?? this.#file.lookup('typedefs', name);
      const node = ref === undefined ? undefined : resolve(this.#file, ref).node;
      const layout = node?.kind === 'struct' || node?.kind === 'union' ? new CompositeLayout(name, node, this.#file, this.#types) : undefined;
      this.#structs.set(name, layout);
    }
    return this.#structs.get(name);
  }

  #readPrototype(symbol: string): Prototype | undefined {
    const extra = extraPrototype(symbol);
    if (extra !== undefined) return extra === 'none' ? undefined : extra;
    const ref = this.#file.lookup('functions', symbol);
    const node = ref === undefined ? undefined : this.#file.node(ref);
    if (node?.kind !== 'function') return undefined;
    return new FunctionPrototype(symbol, node, this.#types);
  }
}

class FunctionPrototype implements Prototype {
  readonly name: string;
  readonly isVariadic: boolean;
  readonly returns: CType;
  readonly parameters: readonly Parameter[];
  constructor(name: string, node: FunctionType, types: CTypes) {
    this.name = name;
    this.isVariadic = node.isVariadic;
    this.returns = types.of(node.returns);
    this.parameters = node.parameters.map((parameter) => new FunctionParameter(parameter, types.of(parameter.type)));
  }
}

class FunctionParameter implements Parameter {
  readonly type: CType;
  readonly #named: NamedType;
  constructor(named: NamedType, type: CType) {
    this.#named = named;
    this.type = type;
  }
  get name(): string { return this.#named.name; }
}
