// The XArray: a 64-way radix tree in guest memory, in Linux's own structs, because inlined code walks it. Interface and
// invariants: Documentation/core-api/xarray.rst. Marks are bitmaps per node, kept in all ancestors of a marked entry; in an
// allocating array mark 0 says "free" and is set for every slot without entry. Linux: lib/xarray.c.

import type { Abi } from '../../../abi/abi.ts';
import type { Ptr } from '../../../base/ptr.ts';
import type { Ram } from '../../../base/ram.ts';
import type { Allocator } from '../../services.ts';
import {
  atSlot, type Entry, type Index, isAbove, isBeyond, isNode, isSibling, isValue, nodeEntry, nodeOf, readEntry, siblingEntry, siblingOffset, slotOf,
  successor, writeEntry, ZERO_ENTRY,
} from './entry.ts';

export type XaNode = Ptr<'xa_node'>;
/** An idr and an ida begin with their xarray. */
export type Xa = Ptr<'xarray' | 'idr' | 'ida'>;
/** 0 to 2; mark 0 is XA_FREE_MARK in allocating arrays. */
export type Mark = number;
export const FREE_MARK = 0;
const NR_MARKS = 3;
const SLOTS = 64;
/** xa_flags: mark 0 means free. */
export const TRACK_FREE = 4;
/** xa_flags: entry 0 is never free. */
export const ZERO_BUSY = 8;
export const ALLOC_WRAPPED = 16;

/** A place in the array: the node that holds the slot (0: the head itself) and the slot in it. */
export interface Place { readonly node: XaNode; readonly offset: number; readonly entry: Entry }
export interface Found extends Place { readonly index: Index }

export class XArray {
  readonly ram: Ram;
  readonly #allocator: Allocator;
  readonly #markShift: number;
  readonly node: { readonly size: number; readonly shift: number; readonly offset: number; readonly count: number; readonly values: number; readonly parent: number; readonly array: number; readonly list: number; readonly slots: number; readonly marks: number };
  readonly xa: { readonly flags: number; readonly head: number };

  constructor(ram: Ram, abi: Abi, allocator: Allocator) {
    this.ram = ram;
    this.#allocator = allocator;
    // XA_FLAGS_MARK(): the bits of xa_flags above the gfp_t bits.
    this.#markShift = abi.enumerator('___GFP_LAST_BIT') ?? 27;
    const n = abi.struct('xa_node');
    this.node = {
      size: n.sizeBytes, shift: n.offset('shift'), offset: n.offset('offset'), count: n.offset('count'), values: n.offset('nr_values'),
      parent: n.offset('parent'), array: n.offset('array'), list: n.offset('private_list'), slots: n.offset('slots'), marks: n.offset('marks'),
    };
    this.xa = { flags: abi.struct('xarray').offset('xa_flags'), head: abi.struct('xarray').offset('xa_head') };
  }

  // --- fields -------------------------------------------------------------------------------------------------------

  flags(xa: Xa): number { return this.ram.readU32(xa + this.xa.flags); }
  setFlags(xa: Xa, flags: number): void { this.ram.writeU32(xa + this.xa.flags, flags); }
  head(xa: Xa): Entry { return readEntry(this.ram, xa + this.xa.head); }
  #setHead(xa: Xa, entry: Entry): void { writeEntry(this.ram, xa + this.xa.head, entry); }
  #isZeroBusy(xa: Xa): boolean { return (this.flags(xa) & ZERO_BUSY) !== 0; }
  tracksFree(xa: Xa): boolean { return (this.flags(xa) & TRACK_FREE) !== 0; }
  shiftOf(node: XaNode): number { return this.ram.readU8(node + this.node.shift); }
  offsetOf(node: XaNode): number { return this.ram.readU8(node + this.node.offset); }
  parentOf(node: XaNode): XaNode { return this.ram.readPtr(node + this.node.parent); }
  countOf(node: XaNode): number { return this.ram.readU8(node + this.node.count); }
  slot(node: XaNode, offset: number): Entry { return readEntry(this.ram, node + this.node.slots + offset * 8); }
  #setSlot(node: XaNode, offset: number, entry: Entry): void { writeEntry(this.ram, node + this.node.slots + offset * 8, entry); }
  #addCount(node: XaNode, change: number, values: number): void {
    this.ram.writeU8(node + this.node.count, this.countOf(node) + change);
    this.ram.writeU8(node + this.node.values, this.ram.readU8(node + this.node.values) + values);
  }

  // --- marks --------------------------------------------------------------------------------------------------------

  #markWord(node: XaNode, offset: number, mark: Mark): Ptr { return node + this.node.marks + mark * 8 + (offset >> 5) * 4; }
  nodeMark(node: XaNode, offset: number, mark: Mark): boolean { return (this.ram.readU32(this.#markWord(node, offset, mark)) >>> (offset & 31) & 1) === 1; }
  #setNodeMark(node: XaNode, offset: number, mark: Mark, isSet: boolean): void {
    const at = this.#markWord(node, offset, mark);
    const bit = 1 << (offset & 31);
    const word = this.ram.readU32(at);
    this.ram.writeU32(at, isSet ? word | bit : word & ~bit);
  }
  #hasAnyMark(node: XaNode, mark: Mark): boolean {
    const at = node + this.node.marks + mark * 8;
    return this.ram.readU32(at) !== 0 || this.ram.readU32(at + 4) !== 0;
  }
  #nextMarked(node: XaNode, offset: number, mark: Mark): number {
    for (let i = offset; i < SLOTS; i++) if (this.nodeMark(node, i, mark)) return i;
    return SLOTS;
  }
  /** Whether any entry of the array has the mark. */
  isMarked(xa: Xa, mark: Mark): boolean { return this.markBits(xa, mark) !== 0; }
  markBits(xa: Xa, mark: Mark): number { return this.flags(xa) & (1 << (this.#markShift + mark)); }
  #setRootMark(xa: Xa, mark: Mark, isSet: boolean): void {
    const bit = 1 << (this.#markShift + mark);
    this.setFlags(xa, isSet ? this.flags(xa) | bit : this.flags(xa) & ~bit);
  }
  getMark(xa: Xa, { node, offset }: Place, mark: Mark): boolean { return node === 0 ? this.isMarked(xa, mark) : this.nodeMark(node, offset, mark); }
  setMark(xa: Xa, place: Place, mark: Mark): void {
    let { node, offset } = place;
    for (; node !== 0; offset = this.offsetOf(node), node = this.parentOf(node)) {
      if (this.nodeMark(node, offset, mark)) return;
      this.#setNodeMark(node, offset, mark, true);
    }
    this.#setRootMark(xa, mark, true);
  }
  clearMark(xa: Xa, place: Place, mark: Mark): void {
    let { node, offset } = place;
    for (; node !== 0; offset = this.offsetOf(node), node = this.parentOf(node)) {
      if (!this.nodeMark(node, offset, mark)) return;
      this.#setNodeMark(node, offset, mark, false);
      if (this.#hasAnyMark(node, mark)) return;
    }
    this.#setRootMark(xa, mark, false);
  }
  /** Marks of an entry that has just become NULL: none, but free in an allocating array. */
  initMarks(xa: Xa, place: Place): void {
    for (let mark = 0; mark < NR_MARKS; mark++) {
      if (mark === FREE_MARK && this.tracksFree(xa)) this.setMark(xa, place, mark);
      else this.clearMark(xa, place, mark);
    }
  }

  // --- looking up ---------------------------------------------------------------------------------------------------

  /** The slot for `index` as far down as the tree goes (not below `minShift`); undefined where the tree does not reach. */
  walk(xa: Xa, index: Index, minShift = 0): Place | undefined {
    let entry = this.head(xa);
    if (!isNode(entry)) return index.hi === 0 && index.lo === 0 ? { node: 0, offset: 0, entry } : undefined;
    let node = nodeOf(entry);
    if (isBeyond(index, this.shiftOf(node))) return undefined;
    for (;;) {
      const shift = this.shiftOf(node);
      let offset = slotOf(index, shift);
      entry = this.slot(node, offset);
      if (isSibling(entry)) {
        offset = siblingOffset(entry);
        entry = this.slot(node, offset);
      }
      if (!isNode(entry) || shift <= minShift) return { node, offset, entry };
      node = nodeOf(entry);
    }
  }
  load(xa: Xa, index: Index): Entry {
    const place = this.walk(xa, index);
    return place === undefined || isNode(place.entry) ? 0 : place.entry;
  }

  /** The first index behind the entry that covers `index` (behind `index` itself where there is none). */
  next(xa: Xa, index: Index): Index | undefined {
    const place = this.walk(xa, index);
    if (place === undefined || place.node === 0 || place.entry === 0) return successor(index);
    return successor(lastBelow(index, this.shiftOf(place.node), place.offset + this.#span(place) - 1));
  }
  /** First entry in [from, max] that is present, or has the mark. */
  find(xa: Xa, from: Index, max: Index, mark?: Mark): Found | undefined {
    let index: Index | undefined = from;
    const head = this.head(xa);
    if (!isNode(head)) {
      const isHit = head !== 0 && from.hi === 0 && from.lo === 0 && (mark === undefined || this.isMarked(xa, mark));
      return isHit ? { node: 0, offset: 0, entry: head, index: from } : undefined;
    }
    if (mark !== undefined && !this.isMarked(xa, mark)) return undefined;
    let node = nodeOf(head);
    if (isBeyond(from, this.shiftOf(node))) return undefined;
    while (index !== undefined && !isAbove(index, max)) {
      const shift = this.shiftOf(node);
      const start: number = slotOf(index, shift);
      const offset = this.#nextPresent(node, start, mark);
      if (offset === SLOTS) {
        index = successor(lastBelow(index, shift, SLOTS - 1));
        do {
          if (node === 0 || index === undefined) return undefined;
          node = this.parentOf(node);
        } while (node !== 0 && slotOf(index, this.shiftOf(node)) === 0);
        if (node === 0) return undefined;
        continue;
      }
      let canonical = offset;
      let entry = this.slot(node, offset);
      if (isSibling(entry)) {
        canonical = siblingOffset(entry);
        entry = this.slot(node, canonical);
      }
      if (offset > start) index = atSlot(index, shift, offset);
      if (isAbove(index, max)) return undefined;
      if (!isNode(entry)) return { node, offset: canonical, entry, index };
      node = nodeOf(entry);
    }
    return undefined;
  }
  /** Next slot at or after `offset` with something in it (or with the mark); a sibling counts only where the search starts. */
  #nextPresent(node: XaNode, offset: number, mark: Mark | undefined): number {
    for (let i = offset; i < SLOTS; i++) {
      const entry = this.slot(node, i);
      if (entry === 0 || (isSibling(entry) && i !== offset)) continue;
      const marked = isSibling(entry) ? siblingOffset(entry) : i;
      if (mark === undefined || this.nodeMark(node, marked, mark)) return i;
    }
    return SLOTS;
  }

  /** First index in [from, max] without entry, in an array that tracks free slots. */
  findFree(xa: Xa, from: Index, max: Index): Index | undefined {
    const head = this.head(xa);
    if (isAbove(from, max)) return undefined;
    if (!isNode(head)) {
      if (from.hi !== 0 || from.lo !== 0 || this.isMarked(xa, FREE_MARK)) return from;
      return isAbove({ hi: 0, lo: 1 }, max) ? undefined : { hi: 0, lo: 1 };
    }
    let index = from;
    let node = nodeOf(head);
    if (isBeyond(from, this.shiftOf(node))) return from;
    for (;;) {
      const shift = this.shiftOf(node);
      const start = slotOf(index, shift);
      const offset = this.#nextMarked(node, start, FREE_MARK);
      if (offset === SLOTS) {
        const next = successor(lastBelow(index, shift, SLOTS - 1));
        if (next === undefined || isAbove(next, max)) return undefined;
        index = next;
        do node = this.parentOf(node); while (node !== 0 && slotOf(index, this.shiftOf(node)) === 0);
        if (node === 0) return index;
        continue;
      }
      if (offset > start) index = atSlot(index, shift, offset);
      if (isAbove(index, max)) return undefined;
      const entry = this.slot(node, offset);
      if (!isNode(entry)) return index;
      node = nodeOf(entry);
    }
  }

  // --- storing ------------------------------------------------------------------------------------------------------

  /**
   * Puts `entry` at `index` (over 2^order indices) and returns where it stands and what stood there; undefined when a node could
   * not be allocated. Marks: kept for an entry, reset for NULL.
   */
  store(xa: Xa, index: Index, entry: Entry, order = 0): { place: Place; old: Entry } | undefined {
    const shift = order - order % 6;
    const slots = 1 << (order % 6);
    if (entry === 0) {
      const place = this.walk(xa, index, shift);
      if (place === undefined || place.entry === 0) return { place: place ?? { node: 0, offset: 0, entry: 0 }, old: 0 };
      return { place, old: this.#put(xa, place, 0, isNode(place.entry) ? slots : this.#span(place)) };
    }
    const place = this.#makePath(xa, index, shift);
    if (place === undefined) return undefined;
    // A single entry stored inside an entry of higher order replaces all of that.
    const span = order === 0 ? this.#span(place) : slots;
    return { place: { ...place, entry }, old: this.#put(xa, place, entry, span) };
  }
  /** Slots that the entry at a place covers. */
  #span({ node, offset }: Place): number {
    if (node === 0) return 1;
    let n = 1;
    while (offset + n < SLOTS && this.slot(node, offset + n) === siblingEntry(offset)) n++;
    return n;
  }
  /** log2 of the number of indices that the entry at a place covers. */
  orderOf(place: Place): number {
    return place.node === 0 ? 0 : this.shiftOf(place.node) + (31 - Math.clz32(this.#span(place)));
  }

  #put(xa: Xa, { node, offset }: Place, entry: Entry, span: number): Entry {
    if (node === 0) {
      const old = this.head(xa);
      if (entry === 0) this.initMarks(xa, { node: 0, offset: 0, entry });
      this.#setHead(xa, entry);
      return old;
    }
    const first = this.slot(node, offset);
    if (entry === 0) this.initMarks(xa, { node, offset, entry });
    for (let i = 0; i < span; i++) {
      const old = this.slot(node, offset + i);
      if (isNode(old)) this.#freeTree(nodeOf(old));
      const next = entry === 0 ? 0 : i === 0 ? entry : siblingEntry(offset);
      this.#setSlot(node, offset + i, next);
      this.#addCount(node, Number(next !== 0) - Number(old !== 0), Number(isValueSlot(entry, next)) - Number(isValue(old) || (isSibling(old) && isValue(first))));
      if (entry === 0 && i > 0 && this.tracksFree(xa)) this.setMark(xa, { node, offset: offset + i, entry }, FREE_MARK);
    }
    if (entry === 0) this.#trim(xa, node);
    return isNode(first) ? 0 : first;
  }

  /** Takes a whole subtree out (xa_delete_node). */
  removeNode(xa: Xa, parent: XaNode, offset: number): void { this.#put(xa, { node: parent, offset, entry: 0 }, 0, 1); }
  /** Removes empty nodes from `start` up, and then levels whose only entry is at index 0. */
  #trim(xa: Xa, start: XaNode): void {
    let node = start;
    while (node !== 0 && this.countOf(node) === 0) {
      const parent = this.parentOf(node);
      const offset = this.offsetOf(node);
      this.#freeNode(node);
      if (parent === 0) this.#setHead(xa, 0);
      else {
        this.#setSlot(parent, offset, 0);
        this.#addCount(parent, -1, 0);
      }
      node = parent;
    }
    this.#shrink(xa);
  }
  #shrink(xa: Xa): void {
    for (let head = this.head(xa); isNode(head); head = this.head(xa)) {
      const node = nodeOf(head);
      if (this.countOf(node) !== 1) return;
      const only = this.slot(node, 0);
      if (only === 0 || (!isNode(only) && this.shiftOf(node) !== 0)) return;
      this.#setHead(xa, only === ZERO_ENTRY && this.#isZeroBusy(xa) ? 0 : only);
      if (this.tracksFree(xa) && !this.nodeMark(node, 0, FREE_MARK)) this.#setRootMark(xa, FREE_MARK, false);
      if (isNode(only)) {
        this.ram.writePtr(nodeOf(only) + this.node.parent, 0);
        this.ram.writeU8(nodeOf(only) + this.node.offset, 0);
      }
      this.#freeNode(node);
    }
  }

  /** Makes the tree tall enough for `index` and deep enough for a slot of `shift`. */
  #makePath(xa: Xa, index: Index, shift: number): Place | undefined {
    let head = this.head(xa);
    if (!isNode(head) && shift === 0 && index.hi === 0 && index.lo === 0) return { node: 0, offset: 0, entry: head };
    // An array whose entry 0 is never free has the reservation in the tree as soon as there is one.
    if (head === 0 && this.#isZeroBusy(xa)) head = ZERO_ENTRY;
    if (!isNode(head)) {
      let top = shift;
      while (isBeyond(index, top)) top += 6;
      if (!this.#grow(xa, head === 0 ? top : 0, head)) return undefined;
      head = this.head(xa);
    }
    while (isBeyond(index, this.shiftOf(nodeOf(head))) || this.shiftOf(nodeOf(head)) < shift) {
      if (!this.#grow(xa, this.shiftOf(nodeOf(head)) + 6, head)) return undefined;
      head = this.head(xa);
    }
    let node = nodeOf(head);
    for (;;) {
      const nodeShift = this.shiftOf(node);
      let offset = slotOf(index, nodeShift);
      let entry = this.slot(node, offset);
      if (nodeShift <= shift) {
        if (isSibling(entry) && shift === 0) {
          offset = siblingOffset(entry);
          entry = this.slot(node, offset);
        }
        return { node, offset, entry };
      }
      if (isSibling(entry)) {
        offset = siblingOffset(entry);
        entry = this.slot(node, offset);
      }
      if (entry !== 0 && !isNode(entry)) return { node, offset, entry };
      if (entry === 0) {
        const child = this.#newNode(xa, node, offset, nodeShift - 6);
        if (child === 0) return undefined;
        entry = nodeEntry(child);
        this.#setSlot(node, offset, entry);
        this.#addCount(node, 1, 0);
      }
      node = nodeOf(entry);
    }
  }
  /** Puts a new root of `shift` above what the head holds. */
  #grow(xa: Xa, shift: number, head: Entry): boolean {
    const root = this.#newNode(xa, 0, 0, shift);
    if (root === 0) return false;
    if (head !== 0) {
      this.#setSlot(root, 0, head);
      this.#addCount(root, 1, isValue(head) ? 1 : 0);
      for (let mark = 0; mark < NR_MARKS; mark++) {
        if (mark === FREE_MARK && this.tracksFree(xa)) {
          if (!this.isMarked(xa, FREE_MARK)) this.#setNodeMark(root, 0, FREE_MARK, false);
          this.#setRootMark(xa, FREE_MARK, true);
        } else if (this.isMarked(xa, mark)) this.#setNodeMark(root, 0, mark, true);
      }
      if (isNode(head)) this.ram.writePtr(nodeOf(head) + this.node.parent, root);
    }
    this.#setHead(xa, nodeEntry(root));
    return true;
  }
  #newNode(xa: Xa, parent: XaNode, offset: number, shift: number): XaNode {
    const { ram, node: f } = this;
    const node = this.#allocator.kmalloc(f.size, 0);
    if (node === 0) return 0;
    ram.writeU8(node + f.shift, shift);
    ram.writeU8(node + f.offset, offset);
    ram.writePtr(node + f.parent, parent);
    ram.writePtr(node + f.array, xa);
    ram.writePtr(node + f.list, node + f.list);
    ram.writePtr(node + f.list + 8, node + f.list);
    if (this.tracksFree(xa)) ram.fill(node + f.marks + FREE_MARK * 8, 8, 0xff);
    return node;
  }
  #freeNode(node: XaNode): void { this.#allocator.kfree(node); }
  #freeTree(node: XaNode): void {
    for (let i = 0; i < SLOTS; i++) {
      const entry = this.slot(node, i);
      if (isNode(entry)) this.#freeTree(nodeOf(entry));
    }
    this.#freeNode(node);
  }
  /** xa_destroy(): everything goes; an allocating array is all free again. */
  destroy(xa: Xa): void {
    const head = this.head(xa);
    this.#setHead(xa, 0);
    this.initMarks(xa, { node: 0, offset: 0, entry: 0 });
    if (this.#isZeroBusy(xa)) this.clearMark(xa, { node: 0, offset: 0, entry: 0 }, FREE_MARK);
    if (isNode(head)) this.#freeTree(nodeOf(head));
  }
}

const isValueSlot = (entry: Entry, slot: Entry): boolean => slot !== 0 && isValue(entry);
/** The last index below slot `slot` of a node with this shift that `index` lies below. */
function lastBelow(index: Index, shift: number, slot: number): Index {
  const at = atSlot(index, shift, slot);
  if (shift < 30) return { hi: at.hi, lo: (at.lo | (2 ** shift - 1)) >>> 0 };
  const low = (1n << BigInt(shift)) - 1n;
  const all = (BigInt(at.hi) << 32n) | BigInt(at.lo) | low;
  return { hi: Number(all >> 32n & 0xffff_ffffn), lo: Number(all & 0xffff_ffffn) };
}
