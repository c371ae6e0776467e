// Where the members of a struct lie, and what lies between them: holes, bit holes, padding. Counted as `pahole` counts.

import { type CompositeType, resolve, sizeOfType, type TypeRef, type TypeSource } from '../type-graph.ts';

export interface PlacedMember {
  readonly name: string;
  readonly type: TypeRef;
  /** Bytes from the start of the struct; of a bit field's storage unit. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Of a bit field, within its unit; bitSize is 0 for others. */
  readonly bitOffset: number;
  readonly bitSize: number;
  /** Unused space behind the member. */
  readonly holeBits: number;
  readonly holeBytes: number;
  /** The unit of a bit field reaches into the next member. */
  readonly isCombined: boolean;
  /** Padding inside the struct that is this member. */
  readonly innerPadding: number;
}

export interface Placement {
  readonly members: readonly PlacedMember[];
  readonly padding: number;
  readonly bitPadding: number;
}

interface Space { readonly holeBits: number; readonly holeBytes: number; readonly isCombined: boolean }
const NO_SPACE: Space = { holeBits: 0, holeBytes: 0, isCombined: false };

export function placeMembers(source: TypeSource, composite: CompositeType): Placement {
  const starts = composite.members.map((member) => {
    const sizeBytes = sizeOfType(source, member.type);
    const unitBits = sizeBytes * 8;
    const isBitField = member.bitSize > 0 && unitBits > 0;
    const offset = isBitField ? Math.floor(member.bitOffset / unitBits) * sizeBytes : member.bitOffset >>> 3;
    return { name: member.name, type: member.type, offset, sizeBytes, bitOffset: isBitField ? member.bitOffset - offset * 8 : 0, bitSize: member.bitSize };
  });
  if (composite.kind === 'union') return { members: starts.map((start) => ({ ...start, ...NO_SPACE, innerPadding: 0 })), padding: 0, bitPadding: 0 };
  const members = starts.map((start, i) => {
    const next = starts[i + 1];
    const space = next ? spaceBetween(start, next.offset * 8 + next.bitOffset, next.bitSize > 0 && next.offset === start.offset) : NO_SPACE;
    return { ...start, ...space, innerPadding: innerPadding(source, start.type) };
  });
  const last = starts.at(-1);
  if (!last) return { members, padding: 0, bitPadding: 0 };
  const tail = spaceBetween(last, composite.sizeBytes * 8, false);
  return { members, padding: tail.holeBytes, bitPadding: tail.holeBits };
}

function spaceBetween(member: { offset: number; sizeBytes: number; bitOffset: number; bitSize: number }, nextBit: number, isSameUnit: boolean): Space {
  const unitEnd = (member.offset + member.sizeBytes) * 8;
  if (member.bitSize === 0) return { ...NO_SPACE, holeBytes: Math.max(0, Math.floor((nextBit - unitEnd) / 8)) };
  const end = member.offset * 8 + member.bitOffset + member.bitSize;
  const limit = Math.min(unitEnd, nextBit);
  return { holeBits: Math.max(0, limit - end), holeBytes: Math.max(0, Math.floor((nextBit - limit) / 8)), isCombined: nextBit < unitEnd && !isSameUnit };
}

/** Padding at the end of a struct that is a member. */
function innerPadding(source: TypeSource, ref: TypeRef): number {
  const { node } = resolve(source, ref);
  if (node.kind !== 'struct') return 0;
  return placeMembers(source, node).padding;
}
