// The plain XArray interface: xa_load(), xa_store(), iteration, marks, allocation of indices. Entries and indices are whole
// 64-bit words, so all of these read their registers themselves. Locks: one CPU, and nothing here sleeps.

import type { Ptr } from '../../../base/ptr.ts';
import type { HostFunction, Registers } from '../../../cpu/api.ts';
import { RAX, RCX, RDI, RDX, RSI } from '../../../ir/ir.ts';
import { type ExportTable, raw } from '../../exports/define.ts';
import {
  type Entry, entryArgument, errorEntry, type Index, indexArgument, isInternal, isNode, nodeEntry, readIndex, writeEntry, writeIndex, ZERO_ENTRY,
} from './entry.ts';
import { ALLOC_WRAPPED, FREE_MARK, type Mark, type Xa, type XArray } from './xarray.ts';

const EINVAL = 22, ENOMEM = 12, EBUSY = 16;
const XA_PRESENT = 8;
const R8 = 8, R9 = 9;

const visible = (entry: Entry): Entry => (entry === ZERO_ENTRY ? 0 : entry);
const markFilter = (filter: number): Mark | undefined => (filter >= XA_PRESENT ? undefined : filter);
const errno = (regs: Registers, code: number): void => regs.set(RAX, code);

export function xaExports(array: XArray): ExportTable {
  const store: HostFunction = (regs) => {
    const [xa, index, entry] = storeArguments(regs);
    regs.set(RAX, isInternal(entry) && entry !== ZERO_ENTRY ? errorEntry(-EINVAL) : storeTracked(array, xa, index, entry));
  };
  const erase: HostFunction = (regs) => {
    const done = array.store(regs.get(RDI), indexArgument(regs, RSI), 0);
    regs.set(RAX, visible(done?.old ?? 0));
  };
  const setMark: HostFunction = (regs) => {
    const [xa, place] = placeArgument(array, regs);
    if (place !== undefined && place.entry !== 0) array.setMark(xa, place, regs.get(RDX) & 7);
  };
  const clearMark: HostFunction = (regs) => {
    const [xa, place] = placeArgument(array, regs);
    if (place !== undefined && place.entry !== 0) array.clearMark(xa, place, regs.get(RDX) & 7);
  };
  return {
    xa_load: raw((regs) => regs.set(RAX, visible(array.load(regs.get(RDI), indexArgument(regs, RSI))))),
    xa_store: raw(store),
    __xa_store: raw(store),
    xa_erase: raw(erase),
    __xa_erase: raw(erase),
    __xa_cmpxchg: raw((regs) => {
      const xa = regs.get(RDI);
      const index = indexArgument(regs, RSI);
      const old = array.load(xa, index);
      const entry = entryArgument(regs, RCX);
      if (isInternal(entry) && entry !== ZERO_ENTRY) return regs.set(RAX, errorEntry(-EINVAL));
      if (old !== entryArgument(regs, RDX)) return regs.set(RAX, visible(old));
      const result = storeTracked(array, xa, index, entry);
      regs.set(RAX, isInternal(result) && result !== ZERO_ENTRY ? result : visible(old));
    }),
    __xa_insert: raw((regs) => {
      const [xa, index, entry] = storeArguments(regs);
      if (isInternal(entry) && entry !== ZERO_ENTRY) return errno(regs, -EINVAL);
      if (array.load(xa, index) !== 0) return errno(regs, -EBUSY);
      errno(regs, isFailure(storeTracked(array, xa, index, entry === 0 ? ZERO_ENTRY : entry)) ? -ENOMEM : 0);
    }),
    __xa_alloc: raw((regs) => {
      const [min, max] = limits(regs, RCX);
      errno(regs, allocate(array, regs.get(RDI), regs.get(RSI), entryArgument(regs, RDX), min, max));
    }),
    __xa_alloc_cyclic: raw((regs) => errno(regs, allocateCyclic(array, regs))),
    xa_store_range: raw((regs) => regs.set(RAX, storeRange(array, regs))),
    xa_find: raw((regs) => regs.set(RAX, find(array, regs, readIndex(array.ram, regs.get(RSI))))),
    xa_find_after: raw((regs) => {
      const from = array.next(regs.get(RDI), readIndex(array.ram, regs.get(RSI)));
      regs.set(RAX, from === undefined ? 0 : find(array, regs, from));
    }),
    xa_extract: raw((regs) => regs.set(RAX, extract(array, regs))),
    xa_destroy: raw((regs) => array.destroy(regs.get(RDI))),
    xa_get_mark: raw((regs) => {
      const [xa, place] = placeArgument(array, regs);
      regs.set(RAX, place !== undefined && place.entry !== 0 && array.getMark(xa, place, regs.get(RDX) & 7) ? 1 : 0);
    }),
    xa_set_mark: raw(setMark),
    __xa_set_mark: raw(setMark),
    xa_clear_mark: raw(clearMark),
    __xa_clear_mark: raw(clearMark),
    xa_get_order: raw((regs) => {
      const [, place] = placeArgument(array, regs);
      regs.set(RAX, place === undefined || place.entry === 0 ? 0 : array.orderOf(place));
    }),
    xa_delete_node: raw((regs) => {
      const node = regs.get(RDI);
      const xa = array.ram.readPtr(node + array.node.array);
      const parent = array.parentOf(node);
      const offset = array.offsetOf(node);
      if (array.slot(parent, offset) === nodeEntry(node)) array.removeNode(xa, parent, offset);
    }),
  };
}

const isFailure = (entry: Entry): boolean => typeof entry === 'number' && isInternal(entry) && entry < 0 && !isNode(entry);

const storeArguments = (regs: Registers): [Xa, Index, Entry] => [regs.get(RDI), indexArgument(regs, RSI), entryArgument(regs, RDX)];
function placeArgument(array: XArray, regs: Registers) {
  const xa = regs.get(RDI);
  return [xa, array.walk(xa, indexArgument(regs, RSI))] as const;
}

/** Stores and keeps the free mark true; the old entry, or an error entry. */
function storeTracked(array: XArray, xa: Xa, index: Index, entry: Entry): Entry {
  // In an allocating array NULL means a reserved index; only erasing frees it.
  const stored = entry === 0 && array.tracksFree(xa) ? ZERO_ENTRY : entry;
  const done = array.store(xa, index, stored);
  if (done === undefined) return errorEntry(-ENOMEM);
  if (stored !== 0 && array.tracksFree(xa)) array.clearMark(xa, done.place, FREE_MARK);
  return visible(done.old);
}

/** struct xa_limit { u32 max, min } by value in one register. */
function limits(regs: Registers, reg: number): [min: number, max: number] {
  const both = regs.getBig(reg);
  return [Number(BigInt.asUintN(32, both >> 32n)), Number(BigInt.asUintN(32, both))];
}

/** Lowest free index in [min, max] to `*id`; 0 or a negative errno. */
function allocate(array: XArray, xa: Xa, id: Ptr, entry: Entry, min: number, max: number): number {
  if (!array.tracksFree(xa)) return -EINVAL;
  const index = array.findFree(xa, { hi: 0, lo: min }, { hi: 0, lo: max });
  if (index === undefined) return -EBUSY;
  array.ram.writeU32(id, index.lo);
  return isFailure(storeTracked(array, xa, index, entry)) ? -ENOMEM : 0;
}

function allocateCyclic(array: XArray, regs: Registers): number {
  const { ram } = array;
  const [xa, id, entry, nextAt] = [regs.get(RDI), regs.get(RSI), entryArgument(regs, RDX), regs.get(R8)];
  const [min, max] = limits(regs, RCX);
  const from = Math.max(min, ram.readU32(nextAt));
  let result = allocate(array, xa, id, entry, from, max);
  let hasWrapped = (array.flags(xa) & ALLOC_WRAPPED) !== 0;
  if (hasWrapped) array.setFlags(xa, array.flags(xa) & ~ALLOC_WRAPPED);
  if (result < 0 && from > min) {
    hasWrapped = true;
    result = allocate(array, xa, id, entry, min, from - 1);
  }
  if (result < 0) return result;
  const next = (ram.readU32(id) + 1) >>> 0;
  ram.writeU32(nextAt, next);
  if (next === 0) array.setFlags(xa, array.flags(xa) | ALLOC_WRAPPED);
  return hasWrapped ? 1 : 0;
}

/** xa_store_range(xa, first, last, entry, gfp): as few entries of 2^n indices as cover the range. */
function storeRange(array: XArray, regs: Registers): Entry {
  const xa = regs.get(RDI);
  const unsigned = (reg: number): bigint => BigInt.asUintN(64, regs.getBig(reg));
  const [last, entry] = [unsigned(RDX), entryArgument(regs, RCX)];
  if (isInternal(entry) || unsigned(RSI) > last) return errorEntry(-EINVAL);
  for (let first = unsigned(RSI); first <= last;) {
    let order = 0;
    // An entry lies in one node: orders that would span a node's 64 slots become the next level's.
    while (order < 63 && first % (1n << BigInt(order + 1)) === 0n && first + (1n << BigInt(order + 1)) - 1n <= last) order++;
    const index: Index = { hi: Number(first >> 32n), lo: Number(first & 0xffff_ffffn) };
    if (array.store(xa, index, entry, order) === undefined) return errorEntry(-ENOMEM);
    first += 1n << BigInt(order);
  }
  return 0;
}

/** xa_find(xa, &index, max, filter). */
function find(array: XArray, regs: Registers, from: Index): Entry {
  const xa = regs.get(RDI);
  const max = indexArgument(regs, RDX);
  const mark = markFilter(regs.get(RCX) & 0xf);
  let found = array.find(xa, from, max, mark);
  while (found !== undefined && found.entry === ZERO_ENTRY) {
    const next = array.next(xa, found.index);
    found = next && array.find(xa, next, max, mark);
  }
  if (found === undefined) return 0;
  writeIndex(array.ram, regs.get(RSI), found.index);
  return found.entry;
}

/** xa_extract(xa, dst, start, max, n, filter): how many entries went to dst. */
function extract(array: XArray, regs: Registers): number {
  const [xa, dest, max, limit, filter] = [regs.get(RDI), regs.get(RSI), indexArgument(regs, RCX), regs.get(R8) >>> 0, regs.get(R9) & 0xf];
  let count = 0;
  let from: Index | undefined = indexArgument(regs, RDX);
  while (from !== undefined && count < limit) {
    const found = array.find(xa, from, max, markFilter(filter));
    if (found === undefined) break;
    if (found.entry !== ZERO_ENTRY) writeEntry(array.ram, dest + count++ * 8, found.entry);
    from = array.next(xa, found.index);
  }
  return count;
}
