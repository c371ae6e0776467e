// Layout of one struct or union, with fields found by path. A path is looked up once and kept.

import { AbiError, type CType, type Field, type StructLayout } from './abi.ts';
import type { CTypes } from './c-type.ts';
import { StructField } from './field.ts';
import { type CompositeType, type Member, resolve, type TypeRef, type TypeSource, sizeOfType } from './type-graph.ts';

/** A place inside the outermost struct: its type and its offset in bits. */
interface Place { readonly ref: TypeRef; readonly bitOffset: number; readonly bitSize: number }

/** Anonymous structs nest a few levels at most. */
const MAX_ANONYMOUS_DEPTH = 16;

export class CompositeLayout implements StructLayout {
  readonly name: string;
  readonly kind: 'struct' | 'union';
  readonly sizeBytes: number;
  readonly #type: CompositeType;
  readonly #source: TypeSource;
  readonly #types: CTypes;
  readonly #fields = new Map<string, Field | undefined>();
  #members: readonly Field[] | undefined;

  constructor(name: string, type: CompositeType, source: TypeSource, types: CTypes) {
    this.name = name;
    this.kind = type.kind;
    this.sizeBytes = type.sizeBytes;
    this.#type = type;
    this.#source = source;
    this.#types = types;
  }

  get members(): readonly Field[] {
    return (this.#members ??= this.#type.members.map((member) => fieldAt(member.name, placeOf(member, 0), this.#types.of(member.type))));
  }
  field(path: string): Field {
    const field = this.#lookup(path);
    if (!field) throw new AbiError(`${this.kind} ${this.name} has no field ${path}`);
    return field;
  }
  hasField(path: string): boolean { return this.#lookup(path) !== undefined; }
  offset(path: string): number { return this.field(path).offset; }

  #lookup(path: string): Field | undefined {
    if (this.#fields.has(path)) return this.#fields.get(path);
    const place = this.#walk(path);
    const field = place && fieldAt(path, place, this.#types.of(place.ref));
    this.#fields.set(path, field);
    return field;
  }

  /** Follows `a.b[2].c`. */
  #walk(path: string): Place | undefined {
    let composite: CompositeType | undefined = this.#type;
    let place: Place | undefined;
    for (const step of path.split('.')) {
      const match = /^(\w+)((?:\[\d+\])*)$/.exec(step);
      if (!match || !composite) return undefined;
      place = findMember(this.#source, composite, match[1]!, place?.bitOffset ?? 0);
      for (const index of match[2]!.matchAll(/\d+/g)) place = place && this.#index(place, Number(index[0]));
      if (!place) return undefined;
      const { node } = resolve(this.#source, place.ref);
      composite = node.kind === 'struct' || node.kind === 'union' ? node : undefined;
    }
    return place;
  }
  /** Element `i` of an array; a flexible array (length 0) has any number of them. */
  #index(place: Place, i: number): Place | undefined {
    const { node } = resolve(this.#source, place.ref);
    if (node.kind !== 'array' || (node.length > 0 && i >= node.length)) return undefined;
    return { ref: node.of, bitOffset: place.bitOffset + i * sizeOfType(this.#source, node.of) * 8, bitSize: 0 };
  }
}

const placeOf = (member: Member, baseBits: number): Place => ({ ref: member.type, bitOffset: baseBits + member.bitOffset, bitSize: member.bitSize });

const fieldAt = (name: string, place: Place, type: CType): Field =>
  new StructField(name, type, place.bitOffset >>> 3, place.bitOffset & 7, place.bitSize);

/** A member by name, also inside anonymous structs and unions. */
function findMember(source: TypeSource, composite: CompositeType, name: string, baseBits: number, depth = 0): Place | undefined {
  for (const member of composite.members) {
    if (member.name === name) return placeOf(member, baseBits);
    if (member.name !== '' || depth === MAX_ANONYMOUS_DEPTH) continue;
    const { node } = resolve(source, member.type);
    if (node.kind !== 'struct' && node.kind !== 'union') continue;
    const inside = findMember(source, node, name, baseBits + member.bitOffset, depth + 1);
    if (inside) return inside;
  }
  return undefined;
}
