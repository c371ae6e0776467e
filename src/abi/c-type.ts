// CType over a type graph: typedefs and qualifiers stripped, what is costly (element, spelling) worked out when asked for.

import type { CType, CTypeKind, StructLayout } from './abi.ts';
import { declare } from './declaration.ts';
import { type CompositeType, POINTER_SIZE, resolve, sizeOfType, type Resolved, type TypeRef, type TypeSource } from './type-graph.ts';

/** Makes the layout of a struct or union; handed in because layouts are made of types. */
export type LayOut = (name: string, type: CompositeType, types: CTypes) => StructLayout;

/** One CType per reference, so that types compare by identity. */
export class CTypes {
  readonly #source: TypeSource;
  readonly #known = new Map<TypeRef, CType>();
  readonly #layOut: LayOut;
  constructor(source: TypeSource, layOut: LayOut) {
    this.#source = source;
    this.#layOut = layOut;
  }
  of(ref: TypeRef): CType {
    let type = this.#known.get(ref);
    if (!type) this.#known.set(ref, (type = new GraphType(this, this.#source, ref, this.#layOut)));
    return type;
  }
}

class GraphType implements CType {
  readonly kind: CTypeKind;
  readonly sizeBytes: number;
  readonly isSigned: boolean;
  readonly isLongLong: boolean;
  readonly length: number;
  readonly #types: CTypes;
  readonly #source: TypeSource;
  readonly #ref: TypeRef;
  readonly #resolved: Resolved;
  readonly #layOut: LayOut;

  constructor(types: CTypes, source: TypeSource, ref: TypeRef, layOut: LayOut) {
    this.#layOut = layOut;
    this.#types = types;
    this.#source = source;
    this.#ref = ref;
    this.#resolved = resolve(source, ref);
    const { node } = this.#resolved;
    this.kind = kindOf(node);
    this.sizeBytes = node.kind === 'pointer' ? POINTER_SIZE : sizeOfType(source, ref);
    this.isSigned = (node.kind === 'int' || node.kind === 'enum') && node.isSigned;
    this.isLongLong = node.kind === 'int' && node.name.includes('long long');
    this.length = node.kind === 'array' ? node.length : 0;
  }

  get element(): CType | undefined {
    const { node } = this.#resolved;
    if (node.kind === 'array') return this.#types.of(node.of);
    return node.kind === 'pointer' ? this.#types.of(node.to) : undefined;
  }
  get tag(): string {
    const { node } = this.#resolved;
    return tagOf(node.kind === 'pointer' ? resolve(this.#source, node.to) : this.#resolved);
  }
  get layout(): StructLayout | undefined {
    const { node } = this.#resolved;
    return node.kind === 'struct' || node.kind === 'union' ? this.#layOut(this.tag, node, this.#types) : undefined;
  }
  get spelling(): string { return declare(this.#source, this.#ref, ''); }
}

function kindOf(node: Resolved['node']): CTypeKind {
  if (node.kind === 'int') return node.isBool ? 'bool' : node.sizeBytes === 1 && node.name === 'char' ? 'char' : 'int';
  return node.kind === 'forward' ? node.of : node.kind;
}

/** An anonymous struct goes by the typedef that names it: `atomic_t`. */
function tagOf({ node, typedefName }: Resolved): string {
  switch (node.kind) {
    case 'struct': case 'union': case 'enum': return node.name || typedefName;
    case 'forward': return node.name;
    default: return '';
  }
}
