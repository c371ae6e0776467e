// Layout of one struct or union, with fields found by path. A path is looked up once and kept.

import { AbiError, type CType, type Field, type StructLayout } from './abi.ts';
import type { CTypes } from './c-type.ts';
import { StructField } from './field.ts';
import type { AbiFile } from './file/abi-file.ts';
import { membersNamed } from './file/read-types.ts';
import { type CompositeType, type MemberPlace, resolve, sizeOfType, type TypeRef } from './type-graph.ts';

/** A place inside the outermost struct: its type and its offset in bits. */
interface Place { readonly ref: TypeRef; readonly bitOffset: number; readonly bitSize: number }

export class CompositeLayout implements StructLayout {
  readonly name: string;
  readonly kind: 'struct' | 'union';
  readonly sizeBytes: number;
  readonly type: CompositeType;
  readonly source: AbiFile;
  readonly #types: CTypes;
  readonly #fields = new Map<string, Field | undefined>();
  #members: readonly Field[] | undefined;

  constructor(name: string, type: CompositeType, file: AbiFile, types: CTypes) {
    this.name = name;
    this.kind = type.kind;
    this.sizeBytes = type.sizeBytes;
    this.type = type;
    this.source = file;
    this.#types = types;
  }

  get members(): readonly Field[] {
    return (this.#members ??= this.type.members.map((member) => fieldAt(member.name, placeOf(member, 0), this.#types.of(member.type))));
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
    let composite: CompositeType | undefined = this.type;
    let place: Place | undefined;
    for (const step of path.split('.')) {
      const bracket = step.indexOf('[');
      place = composite && this.#member(composite, bracket < 0 ? step : step.slice(0, bracket), place?.bitOffset ?? 0);
      if (place && bracket >= 0) place = this.#index(place, step.slice(bracket));
      if (!place) return undefined;
      const { node } = resolve(this.source, place.ref);
      composite = node.kind === 'struct' || node.kind === 'union' ? node : undefined;
    }
    return place;
  }
  #member(composite: CompositeType, name: string, baseBits: number): Place | undefined {
    const number = this.source.strings.find(name);
    return number > 0 ? findMember(this.source, composite, number, baseBits) : undefined;
  }
  /** Follows `[2][3]`; a flexible array (length 0) has any number of elements. */
  #index(place: Place, indices: string): Place | undefined {
    if (!/^(\[\d+\])+$/.test(indices)) return undefined;
    for (const digits of indices.slice(1, -1).split('][')) {
      const { node } = resolve(this.source, place.ref);
      const i = Number(digits);
      if (node.kind !== 'array' || (node.length > 0 && i >= node.length)) return undefined;
      place = { ref: node.of, bitOffset: place.bitOffset + i * sizeOfType(this.source, node.of) * 8, bitSize: 0 };
    }
    return place;
  }
}

const placeOf = (member: MemberPlace, baseBits: number): Place => ({ ref: member.type, bitOffset: baseBits + member.bitOffset, bitSize: member.bitSize });

const fieldAt = (name: string, place: Place, type: CType): Field =>
  new StructField(name, type, place.bitOffset >>> 3, place.bitOffset & 7, place.bitSize);

/** A member by the number of its name, also inside anonymous structs and unions. `searched` holds those that lack it. */
function findMember(file: AbiFile, composite: CompositeType, name: number, baseBits: number, searched = new Set<CompositeType>()): Place | undefined {
  const [member] = membersNamed(composite, name);
  if (member) return placeOf(member, baseBits);
  searched.add(composite);
  for (const anonymous of membersNamed(composite, 0)) {
    const { node } = resolve(file, anonymous.type);
    if ((node.kind !== 'struct' && node.kind !== 'union') || searched.has(node)) continue;
    const inside = findMember(file, node, name, baseBits + anonymous.bitOffset, searched);
    if (inside) return inside;
  }
  return undefined;
}
