// The older radix tree interface over the same structures. Linux: lib/radix-tree.c.

import type { Abi } from '../../../abi/abi.ts';
import type { Ptr } from '../../../base/ptr.ts';
import type { Registers } from '../../../cpu/api.ts';
import { RAX, RCX, RDI, RDX, RSI } from '../../../ir/ir.ts';
import { type ExportTable, fn, raw } from '../../exports/define.ts';
import { type Entry, entryArgument, type Index, indexArgument, MAX_INDEX, readIndex, toBig, writeEntry } from './entry.ts';
import type { Mark, Place, XArray } from './xarray.ts';

const EEXIST = 17, ENOMEM = 12;
const R8 = 8;
const SLOTS = 64;
/** radix_tree_next_chunk() flags. */
const ITER_TAGGED = 0x10, ITER_CONTIG = 0x20, ITER_TAG_MASK = 0xf;

export function radixExports(array: XArray, abi: Abi, preemptDisable: () => void): ExportTable {
  const { ram } = array;
  const iter = { index: abi.struct('radix_tree_iter').offset('index'), next: abi.struct('radix_tree_iter').offset('next_index'), tags: abi.struct('radix_tree_iter').offset('tags'), node: abi.struct('radix_tree_iter').offset('node') };
  const slotAddress = (root: Ptr, { node, offset }: Place): Ptr => node === 0 ? root + array.xa.head : node + array.node.slots + offset * 8;
  const present = (root: Ptr, index: Index): Place | undefined => {
    const place = array.walk(root, index);
    return place === undefined || place.entry === 0 ? undefined : place;
  };
  const remove = (root: Ptr, index: Index, expected: Entry): Entry => {
    const old = array.load(root, index);
    if (old === 0 || (expected !== 0 && old !== expected)) return 0;
    array.store(root, index, 0);
    return old;
  };
  const gang = (regs: Registers, max: number, mark: Mark | undefined, store: (at: number, place: Place, root: Ptr) => void): number => {
    const root = regs.get(RDI);
    let count = 0;
    for (let from: Index | undefined = indexArgument(regs, RDX); from !== undefined && count < max;) {
      const found = array.find(root, from, MAX_INDEX, mark);
      if (found === undefined) break;
      store(count++, found, root);
      from = array.next(root, found.index);
    }
    return count;
  };
  const results = (regs: Registers) => (at: number, place: Place): void => writeEntry(ram, regs.get(RSI) + at * 8, place.entry);
  const marked = (regs: Registers, change: (place: Place, mark: Mark) => void): void => {
    const place = present(regs.get(RDI), indexArgument(regs, RSI));
    if (place !== undefined) change(place, regs.get(RDX) & 3);
    regs.set(RAX, place?.entry ?? 0);
  };
  return {
    radix_tree_insert: raw((regs) => {
      const [root, index] = [regs.get(RDI), indexArgument(regs, RSI)];
      if (array.load(root, index) !== 0) return regs.set(RAX, -EEXIST);
      regs.set(RAX, array.store(root, index, entryArgument(regs, RDX)) === undefined ? -ENOMEM : 0);
    }),
    radix_tree_lookup: raw((regs) => regs.set(RAX, array.load(regs.get(RDI), indexArgument(regs, RSI)))),
    radix_tree_lookup_slot: raw((regs) => {
      const place = present(regs.get(RDI), indexArgument(regs, RSI));
      regs.set(RAX, place === undefined ? 0 : slotAddress(regs.get(RDI), place));
    }),
    radix_tree_delete: raw((regs) => regs.set(RAX, remove(regs.get(RDI), indexArgument(regs, RSI), 0))),
    radix_tree_delete_item: raw((regs) => regs.set(RAX, remove(regs.get(RDI), indexArgument(regs, RSI), entryArgument(regs, RDX)))),
    radix_tree_replace_slot: raw((regs) => writeEntry(ram, regs.get(RSI), entryArgument(regs, RDX))),
    radix_tree_tag_set: raw((regs) => marked(regs, (place, mark) => array.setMark(regs.get(RDI), place, mark))),
    radix_tree_tag_clear: raw((regs) => marked(regs, (place, mark) => array.clearMark(regs.get(RDI), place, mark))),
    radix_tree_tag_get: raw((regs) => {
      const place = present(regs.get(RDI), indexArgument(regs, RSI));
      regs.set(RAX, place !== undefined && array.getMark(regs.get(RDI), place, regs.get(RDX) & 3) ? 1 : 0);
    }),
    // Not just true: the bit of the flags word itself.
    radix_tree_tagged: fn('radix_tree_tagged', (root: Ptr<'xarray'>, mark: number) => array.markBits(root, mark)),
    radix_tree_gang_lookup: raw((regs) => regs.set(RAX, gang(regs, regs.get(RCX) >>> 0, undefined, results(regs)))),
    radix_tree_gang_lookup_tag: raw((regs) => regs.set(RAX, gang(regs, regs.get(RCX) >>> 0, regs.get(R8) & 3, results(regs)))),
    radix_tree_gang_lookup_tag_slot: raw((regs) => regs.set(RAX, gang(regs, regs.get(RCX) >>> 0, regs.get(R8) & 3, (at, place, root) =>
      ram.writePtr(regs.get(RSI) + at * 8, slotAddress(root, place))))),
    // Slots of one leaf at a time; the inlined radix_tree_next_slot() walks them.
    radix_tree_next_chunk: raw((regs) => {
      const [root, it, flags] = [regs.get(RDI), regs.get(RSI), regs.get(RDX) & 0xff];
      const start = readIndex(ram, it + iter.next);
      const isFirst = readIndex(ram, it + iter.index);
      // next_index 0 after a round means that the index space is used up.
      if (toBig(start) === 0n && toBig(isFirst) !== 0n) return regs.set(RAX, 0);
      const mark = (flags & ITER_TAGGED) !== 0 ? flags & ITER_TAG_MASK : undefined;
      const found = array.find(root, start, MAX_INDEX, mark);
      if (found === undefined || ((flags & ITER_CONTIG) !== 0 && toBig(found.index) !== toBig(start))) return regs.set(RAX, 0);
      const index = toBig(found.index);
      const chunkEnd = found.node === 0 ? index + 1n : (index | 63n) + 1n;
      ram.writeU64(it + iter.index, index);
      ram.writeU64(it + iter.next, chunkEnd);
      ram.writePtr(it + iter.node, found.node);
      if (mark !== undefined) ram.writeU64(it + iter.tags, tagsFrom(array, root, found, mark));
      regs.set(RAX, slotAddress(root, found));
    }),
    radix_tree_iter_resume: raw((regs) => {
      const it = regs.get(RSI);
      const next = ram.readU64(it + iter.index) + 1n;
      ram.writeU64(it + iter.index, next);
      ram.writeU64(it + iter.next, next);
      ram.writeU64(it + iter.tags, 0n);
      regs.set(RAX, 0);
    }),
    radix_tree_iter_delete: raw((regs) => { remove(regs.get(RDI), readIndex(ram, regs.get(RSI) + iter.index), 0); }),
    // Both keep preemption off until the inlined radix_tree_preload_end().
    radix_tree_preload: fn('radix_tree_preload', (_gfp: number) => {
      preemptDisable();
      return 0;
    }),
    radix_tree_maybe_preload: fn('radix_tree_maybe_preload', (_gfp: number) => {
      preemptDisable();
      return 0;
    }),
  };
}

/** Marks of the slots from the found one to the end of its leaf, lowest bit first. */
function tagsFrom(array: XArray, root: Ptr, { node, offset }: Place, mark: Mark): bigint {
  if (node === 0) return array.isMarked(root, mark) ? 1n : 0n;
  let tags = 0n;
  for (let i = offset; i < SLOTS; i++) if (array.nodeMark(node, i, mark)) tags |= 1n << BigInt(i - offset);
  return tags;
}
