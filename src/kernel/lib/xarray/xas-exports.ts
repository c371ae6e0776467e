// The advanced XArray interface: operations on a guest `struct xa_state`, whose node and offset inlined code follows.
// xa_node says where it stands: 0 the head, 1 outside of the tree, 3 not looked yet, an error, or a node.

import type { Abi } from '../../../abi/abi.ts';
import type { Ptr } from '../../../base/ptr.ts';
import { RAX, RDI, RDX, RSI } from '../../../ir/ir.ts';
import { type ExportTable, raw } from '../../exports/define.ts';
import { type Entry, entryArgument, errorEntry, type Index, indexArgument, indexOf, readIndex, toBig, writeIndex } from './entry.ts';
import type { Found, Mark, Place, XArray } from './xarray.ts';

const XAS_BOUNDS = 1;
const XAS_RESTART = 3;
const ENOMEM = 12;

type Xas = Ptr<'xa_state'>;

class StateLayout {
  readonly xa: number; readonly index: number; readonly shift: number; readonly sibs: number; readonly offset: number; readonly node: number;
  constructor(abi: Abi) {
    const s = abi.struct('xa_state');
    this.xa = s.offset('xa');
    this.index = s.offset('xa_index');
    this.shift = s.offset('xa_shift');
    this.sibs = s.offset('xa_sibs');
    this.offset = s.offset('xa_offset');
    this.node = s.offset('xa_node');
  }
}

export function xasExports(array: XArray, abi: Abi): ExportTable {
  const { ram } = array;
  const at = new StateLayout(abi);
  const xaOf = (xas: Xas): Ptr<'xarray'> => ram.readPtr(xas + at.xa);
  const index = (xas: Xas): Index => readIndex(ram, xas + at.index);
  const node = (xas: Xas): number => ram.readPtr(xas + at.node);
  const isFailed = (xas: Xas): boolean => (node(xas) & 3) === 2;
  /** Remembers a place; without one, that the index lies outside of the tree. */
  const settle = (xas: Xas, place: Place | undefined): Entry => {
    ram.writePtr(xas + at.node, place === undefined ? XAS_BOUNDS : place.node);
    if (place !== undefined) ram.writeU8(xas + at.offset, place.offset);
    return place?.entry ?? 0;
  };
  const load = (xas: Xas): Entry => isFailed(xas) ? 0 : settle(xas, array.walk(xaOf(xas), index(xas), ram.readU8(xas + at.shift)));
  const placeOf = (xas: Xas): Place | undefined => isFailed(xas) ? undefined : array.walk(xaOf(xas), index(xas), ram.readU8(xas + at.shift));
  const settleFound = (xas: Xas, found: Found | undefined): Entry => {
    if (found !== undefined) writeIndex(ram, xas + at.index, found.index);
    return settle(xas, found);
  };
  /** The first time at the state's index, later behind the entry it stands on. */
  const findNext = (xas: Xas, max: Index, mark?: Mark): Entry => {
    if (isFailed(xas) || node(xas) === XAS_BOUNDS) return 0;
    const from = node(xas) === XAS_RESTART ? index(xas) : array.next(xaOf(xas), index(xas));
    return from === undefined ? settle(xas, undefined) : settleFound(xas, array.find(xaOf(xas), from, max, mark));
  };
  const move = (xas: Xas, step: 1n | -1n): Entry => {
    if (isFailed(xas)) return 0;
    if (node(xas) !== XAS_RESTART) writeIndex(ram, xas + at.index, indexOf(BigInt.asUintN(64, toBig(index(xas)) + step)));
    return load(xas);
  };
  const orderOf = (xas: Xas): number => ram.readU8(xas + at.shift) + Math.log2(ram.readU8(xas + at.sibs) + 1);
  return {
    xas_load: raw((regs) => regs.set(RAX, load(regs.get(RDI)))),
    xas_store: raw((regs) => {
      const xas = regs.get(RDI);
      if (isFailed(xas)) return regs.set(RAX, 0);
      const done = array.store(xaOf(xas), index(xas), entryArgument(regs, RSI), orderOf(xas));
      if (done === undefined) ram.writePtr(xas + at.node, errorEntry(-ENOMEM));
      else settle(xas, array.walk(xaOf(xas), index(xas), ram.readU8(xas + at.shift)));
      regs.set(RAX, done?.old ?? 0);
    }),
    xas_find: raw((regs) => regs.set(RAX, findNext(regs.get(RDI), indexArgument(regs, RSI)))),
    xas_find_marked: raw((regs) => regs.set(RAX, findNext(regs.get(RDI), indexArgument(regs, RSI), regs.get(RDX) & 7))),
    xas_find_conflict: raw((regs) => {
      const xas = regs.get(RDI);
      const span = (1n << BigInt(orderOf(xas))) - 1n;
      const first = toBig(index(xas)) & ~span;
      if (node(xas) === XAS_RESTART) writeIndex(ram, xas + at.index, indexOf(first));
      const entry = findNext(xas, indexOf(first | span));
      // Behind the last conflict the state is ready to store.
      if (entry === 0 && !isFailed(xas)) {
        writeIndex(ram, xas + at.index, indexOf(first));
        ram.writePtr(xas + at.node, XAS_RESTART);
      }
      regs.set(RAX, entry);
    }),
    xas_get_mark: raw((regs) => {
      const place = placeOf(regs.get(RDI));
      regs.set(RAX, place !== undefined && array.getMark(xaOf(regs.get(RDI)), place, regs.get(RSI) & 7) ? 1 : 0);
    }),
    xas_set_mark: raw((regs) => {
      const place = placeOf(regs.get(RDI));
      if (place !== undefined) array.setMark(xaOf(regs.get(RDI)), place, regs.get(RSI) & 7);
    }),
    xas_clear_mark: raw((regs) => {
      const place = placeOf(regs.get(RDI));
      if (place !== undefined) array.clearMark(xaOf(regs.get(RDI)), place, regs.get(RSI) & 7);
    }),
    xas_init_marks: raw((regs) => {
      const place = placeOf(regs.get(RDI));
      if (place !== undefined) array.initMarks(xaOf(regs.get(RDI)), place);
    }),
    xas_get_order: raw((regs) => {
      const place = placeOf(regs.get(RDI));
      regs.set(RAX, place === undefined || place.entry === 0 ? 0 : array.orderOf(place));
    }),
    // Nodes are allocated where they are needed: asking again after -ENOMEM would find no more memory.
    xas_nomem: raw((regs) => regs.set(RAX, 0)),
    xas_pause: raw((regs) => {
      const xas = regs.get(RDI);
      if (isFailed(xas) || node(xas) === XAS_BOUNDS) return;
      const next = node(xas) === XAS_RESTART ? index(xas) : array.next(xaOf(xas), index(xas));
      ram.writePtr(xas + at.node, next === undefined ? XAS_BOUNDS : XAS_RESTART);
      writeIndex(ram, xas + at.index, next ?? { hi: 0, lo: 0 });
    }),
    __xas_next: raw((regs) => regs.set(RAX, move(regs.get(RDI), 1n))),
    __xas_prev: raw((regs) => regs.set(RAX, move(regs.get(RDI), -1n))),
  };
}
