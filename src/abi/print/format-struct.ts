// Prints a struct with offsets, sizes, holes and cache lines, as `pahole -C NAME` does. Attributes (packed, aligned), which pahole
// guesses from the layout, are not printed.

import { AbiError, type StructLayout } from '../abi.ts';
import { CompositeLayout } from '../struct-layout.ts';
import type { CompositeType, EnumType, TypeRef, TypeSource } from '../type-graph.ts';
import { memberText } from './member-text.ts';
import { placeMembers, type PlacedMember, type Placement } from './holes.ts';

const CACHELINE = 64;
const TYPE_WIDTH = 26;
const TAB = 8;
/** Anonymous structs nest a few levels; deeper ones are printed as `struct {...}`. */
const MAX_LEVEL = 10;

export function formatStruct(layout: StructLayout): string {
  if (!(layout instanceof CompositeLayout)) throw new AbiError(`${layout.name} cannot be printed`);
  return new Printer(layout.source, layout.type.kind === 'union' ? 47 : 49).print(layout.type, layout.type.name || layout.name);
}

class Printer {
  readonly #source: TypeSource;
  /** Column of the comments. */
  readonly #column: number;
  readonly #lines: string[] = [];
  #cacheline = 0;
  #hasRemark = false;

  constructor(source: TypeSource, column: number) {
    this.#source = source;
    this.#column = column;
  }

  print(type: CompositeType, name: string): string {
    const placement = placeMembers(this.#source, type);
    this.#lines.push(`${type.kind} ${name} {`);
    this.#body(placement, 0, 1, type.kind === 'union');
    this.#summary(type, placement);
    this.#lines.push('};', '');
    return this.#lines.join('\n');
  }

  /** What cache lines begin inside a union is said again for what lies behind it. */
  #nested(type: CompositeType, offset: number, level: number): void {
    const cacheline = this.#cacheline;
    this.#body(placeMembers(this.#source, type), offset, level, type.kind === 'union');
    if (type.kind === 'union') this.#cacheline = cacheline;
  }
  #body({ members }: Placement, base: number, level: number, isInUnion: boolean): void {
    const cacheline = this.#cacheline;
    for (const [i, member] of members.entries()) {
      if (this.#hasRemark) this.#lines.push('');
      this.#hasRemark = false;
      if (!isInUnion) this.#boundary(base + member.offset, level);
      if (isInUnion) this.#cacheline = cacheline;
      this.#member(member, base, level, !isInUnion && member.offset > 0 && i === members.length - 1);
      this.#space(member, level);
    }
  }

  /** The line that says where a cache line begins, before the first member behind its start. */
  #boundary(offset: number, level: number): void {
    const cacheline = Math.floor(offset / CACHELINE);
    if (cacheline <= this.#cacheline) return;
    this.#cacheline = cacheline;
    const ago = offset % CACHELINE;
    this.#line(level, `/* --- cacheline ${cacheline} boundary (${cacheline * CACHELINE} bytes)${ago > 0 ? ` was ${plural(ago, 'byte')} ago` : ''} --- */`);
  }

  #member(member: PlacedMember, base: number, level: number, isFlexible: boolean): void {
    const offset = base + member.offset;
    const comment = member.bitSize > 0
      ? `/* ${pad(offset, 5)}:${pad(member.bitOffset, 2)} ${pad(member.sizeBytes, 2)} */`
      : `/* ${pad(offset, 5)} ${pad(member.sizeBytes, 5)} */`;
    const [type, name] = memberText(this.#source, member.type, member.name, isFlexible);
    const width = member.bitSize > 0 ? `:${member.bitSize}` : '';
    const anonymous = this.#anonymous(member.type);
    if (anonymous && level < MAX_LEVEL) {
      this.#line(level, `${anonymous.kind} {`);
      if (anonymous.kind === 'enum') this.#enumerators(anonymous, level + 1);
      else this.#nested(anonymous, offset, level + 1);
      this.#hasRemark = false;
      if (name.endsWith(']')) this.#line(level, `} ${name}; ${comment}`);
      else this.#commented(level, name === '' ? '};' : `} ${name}${width};`, comment);
    } else {
      this.#commented(level, `${type.padEnd(Math.abs(TYPE_WIDTH - TAB * (level - 1)))} ${name}${width};`, comment);
    }
  }
  /** The unnamed type that a member (or the elements of an array) is declared with in place. */
  #anonymous(ref: TypeRef): CompositeType | EnumType | undefined {
    let node = this.#source.node(ref);
    for (let i = 0; i < MAX_LEVEL && node.kind === 'array'; i++) node = this.#source.node(node.of);
    return (node.kind === 'struct' || node.kind === 'union' || node.kind === 'enum') && node.name === '' ? node : undefined;
  }
  #enumerators({ values }: EnumType, level: number): void {
    const width = Math.max(...values.map(({ name }) => name.length));
    for (const { name, value } of values) this.#line(level, `${name.padEnd(width)} = ${value},`);
  }

  /** What lies behind a member, as remarks with an empty line before them and before the next member. */
  #space({ holeBits, holeBytes, isCombined, innerPadding }: PlacedMember, level: number): void {
    const remarks: string[] = [];
    if (innerPadding > 0) remarks.push(`/* XXX last struct has ${plural(innerPadding, 'byte')} of padding */`);
    if (holeBits > 0) remarks.push(`/* XXX ${plural(holeBits, 'bit')} hole, try to pack */`);
    if (isCombined) remarks.push('/* Bitfield combined with next fields */');
    if (holeBytes > 0) remarks.push(`/* XXX ${plural(holeBytes, 'byte')} hole, try to pack */`);
    if (remarks.length === 0) return;
    this.#lines.push('');
    for (const remark of remarks) this.#line(level, remark);
    this.#hasRemark = true;
  }

  #summary({ sizeBytes, kind }: CompositeType, { members, padding, bitPadding }: Placement): void {
    if (kind === 'union') return;
    this.#lines.push('');
    this.#line(1, `/* size: ${sizeBytes}, cachelines: ${Math.ceil(sizeBytes / CACHELINE)}, members: ${members.length} */`);
    const holes = members.filter((member) => member.holeBytes > 0);
    const bitHoles = members.filter((member) => member.holeBits > 0);
    if (holes.length + bitHoles.length > 0) this.#sums(members, holes, bitHoles);
    if (padding > 0) this.#line(1, `/* padding: ${padding} */`);
    const padded = members.filter((member) => member.innerPadding > 0);
    if (padded.length > 0) this.#line(1, `/* paddings: ${padded.length}, sum paddings: ${sum(padded, 'innerPadding')} */`);
    if (bitPadding > 0) this.#line(1, `/* bit_padding: ${bitPadding} bits */`);
    if (sizeBytes % CACHELINE > 0) this.#line(1, `/* last cacheline: ${sizeBytes % CACHELINE} bytes */`);
  }
  #sums(members: readonly PlacedMember[], holes: readonly PlacedMember[], bitHoles: readonly PlacedMember[]): void {
    const whole = members.filter((member) => member.bitSize === 0);
    const bits = sum(members, 'bitSize');
    this.#line(1, `/* sum members: ${sum(whole, 'sizeBytes')}${holes.length > 0 ? `, holes: ${holes.length}, sum holes: ${sum(holes, 'holeBytes')}` : ''} */`);
    if (bits === 0) return;
    this.#line(1, `/* sum bitfield members: ${bits} bits${bitHoles.length > 0 ? `, bit holes: ${bitHoles.length}, sum bit holes: ${sum(bitHoles, 'holeBits')} bits` : ` (${bits >> 3} bytes)`} */`);
  }

  #commented(level: number, text: string, comment: string): void {
    this.#line(level, `${text.padEnd(this.#column - TAB * (level - 1) - 1)} ${comment}`);
  }
  #line(level: number, text: string): void { this.#lines.push('\t'.repeat(level) + text); }
}

const pad = (value: number, width: number): string => String(value).padStart(width);
const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
const sum = (members: readonly PlacedMember[], key: 'sizeBytes' | 'bitSize' | 'holeBytes' | 'holeBits' | 'innerPadding'): number => members.reduce((total, member) => total + member[key], 0);
