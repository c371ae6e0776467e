// IDR (numbers to pointers) and IDA (numbers alone), both on an allocating XArray: mark 0 says "free". An IDR entry may be
// NULL and still be taken: it is stored as the reserved entry. Linux: lib/idr.c.

import type { Abi } from '../../../abi/abi.ts';
import type { Ptr } from '../../../base/ptr.ts';
import { RAX, RDI, RSI } from '../../../ir/ir.ts';
import { type ExportTable, fn, raw } from '../../exports/define.ts';
import type { Allocator, Reporter } from '../../services.ts';
import type { CallGuest } from '../call-guest.ts';
import type { LibSites } from '../lib-sites.ts';
import { type Entry, entryArgument, type Index, indexOf, MAX_INDEX, toBig, ZERO, ZERO_ENTRY } from './entry.ts';
import { FREE_MARK, type Xa, type XArray } from './xarray.ts';

const EINVAL = 22, ENOENT = 2, ENOSPC = 28, ENOMEM = 12;
const INT_MAX = 0x7fff_ffff;
const IDA_BITS = 1024;

export interface IdrDeps {
  readonly array: XArray;
  readonly abi: Abi;
  readonly allocator: Allocator;
  readonly callGuest: CallGuest;
  readonly reporter: Reporter;
  readonly sites: LibSites;
  /** preempt_disable(): undone by the inlined idr_preload_end(). */
  readonly preemptDisable: () => void;
}

export function idrExports(deps: IdrDeps): ExportTable { return { ...numberedPointers(deps), ...numbers(deps) }; }

type Idr = Ptr<'idr'>;

function numberedPointers({ array, abi, callGuest, reporter, sites, preemptDisable }: IdrDeps): ExportTable {
  const { ram } = array;
  const baseAt = abi.struct('idr').offset('idr_base');
  const nextAt = abi.struct('idr').offset('idr_next');
  const base = (idr: Idr): number => ram.readU32(idr + baseAt);
  const visible = (entry: Entry): Entry => (entry === ZERO_ENTRY ? 0 : entry);
  /** Lowest free id in [from, max], or a negative errno. */
  const allocate = (idr: Idr, entry: Entry, from: number, max: number): number => {
    const low = Math.max(0, from - base(idr));
    const index = array.findFree(idr, { hi: 0, lo: low }, { hi: 0, lo: Math.max(0, max - base(idr)) });
    if (index === undefined || max < base(idr)) return -ENOSPC;
    const done = array.store(idr, index, entry === 0 ? ZERO_ENTRY : entry);
    if (done === undefined) return -ENOMEM;
    array.clearMark(idr, done.place, FREE_MARK);
    return index.lo + base(idr);
  };
  const relative = (idr: Idr, id: bigint): Index => indexOf(BigInt.asUintN(64, id - BigInt(base(idr))));
  const findFrom = (idr: Idr, from: Index): { id: bigint; entry: Entry } | undefined => {
    let found = array.find(idr, from, MAX_INDEX);
    while (found !== undefined && found.entry === ZERO_ENTRY) {
      const next = array.next(idr, found.index);
      found = next && array.find(idr, next, MAX_INDEX);
    }
    return found && { id: toBig(found.index) + BigInt(base(idr)), entry: found.entry };
  };
  const startOf = (idr: Idr, id: bigint): Index => id < BigInt(base(idr)) ? ZERO : relative(idr, id);
  return {
    idr_alloc: raw((regs) => {
      const [idr, entry, start, end] = [regs.get(RDI), entryArgument(regs, RSI), regs.get(2) | 0, regs.get(1) | 0];
      if (start < 0) {
        reporter.warn(sites.idrAlloc, '');
        return regs.set(RAX, -EINVAL);
      }
      regs.set(RAX, allocate(idr, entry, start, end > 0 ? end - 1 : INT_MAX));
    }),
    idr_alloc_u32: raw((regs) => {
      const [idr, entry, idAt] = [regs.get(RDI), entryArgument(regs, RSI), regs.get(2)];
      const id = allocate(idr, entry, ram.readU32(idAt), Math.min(regs.get(1) < 0 ? 0xffff_ffff : regs.get(1), 0xffff_ffff));
      if (id >= 0) ram.writeU32(idAt, id);
      regs.set(RAX, Math.min(id, 0));
    }),
    idr_alloc_cyclic: raw((regs) => {
      const [idr, entry, start, end] = [regs.get(RDI), entryArgument(regs, RSI), regs.get(2) | 0, regs.get(1) | 0];
      const max = end > 0 ? end - 1 : INT_MAX;
      const from = Math.max(ram.readI32(idr + nextAt), start);
      let id = allocate(idr, entry, from, max);
      if (id === -ENOSPC && from > start) id = allocate(idr, entry, start, max);
      if (id >= 0) ram.writeU32(idr + nextAt, id + 1);
      regs.set(RAX, id);
    }),
    idr_find: raw((regs) => regs.set(RAX, visible(array.load(regs.get(RDI), relative(regs.get(RDI), regs.getBig(RSI)))))),
    idr_remove: raw((regs) => {
      const done = array.store(regs.get(RDI), relative(regs.get(RDI), regs.getBig(RSI)), 0);
      regs.set(RAX, visible(done?.old ?? 0));
    }),
    idr_replace: raw((regs) => {
      const [idr, entry] = [regs.get(RDI), entryArgument(regs, RSI)];
      const index = relative(idr, regs.getBig(2));
      const old = array.load(idr, index);
      if (old === 0) return regs.set(RAX, -ENOENT);
      array.store(idr, index, entry === 0 ? ZERO_ENTRY : entry);
      regs.set(RAX, visible(old));
    }),
    idr_get_next: raw((regs) => {
      const found = findFrom(regs.get(RDI), startOf(regs.get(RDI), BigInt(ram.readI32(regs.get(RSI)))));
      if (found === undefined || found.id > BigInt(INT_MAX)) return regs.set(RAX, 0);
      ram.writeU32(regs.get(RSI), Number(found.id));
      regs.set(RAX, found.entry);
    }),
    idr_get_next_ul: raw((regs) => {
      const found = findFrom(regs.get(RDI), startOf(regs.get(RDI), ram.readU64(regs.get(RSI))));
      if (found === undefined) return regs.set(RAX, 0);
      ram.writeU64(regs.get(RSI), found.id);
      regs.set(RAX, found.entry);
    }),
    idr_for_each: raw((regs) => {
      const [idr, callback, data] = [regs.get(RDI), regs.get(RSI), regs.getBig(2)];
      let result = 0;
      for (let from: Index | undefined = ZERO; from !== undefined && result === 0;) {
        const found = findFrom(idr, from);
        if (found === undefined) break;
        result = callGuest('idr_for_each', callback, [found.id, found.entry, data]) | 0;
        from = array.next(idr, relative(idr, found.id));
      }
      regs.set(RAX, result);
    }),
    idr_destroy: raw((regs) => array.destroy(regs.get(RDI))),
    idr_preload: fn('idr_preload', (_gfp: number) => preemptDisable()),
  };
}

/** An IDA is an array of 1024-bit maps; a map without a free bit loses its mark. */
function numbers({ array, allocator, reporter, sites }: IdrDeps): ExportTable {
  const { ram } = array;
  const firstZero = (map: Ptr, from: number): number => {
    for (let bit = from; bit < IDA_BITS; bit++) if ((ram.readU8(map + (bit >> 3)) >>> (bit & 7) & 1) === 0) return bit;
    return IDA_BITS;
  };
  const isEmpty = (map: Ptr): boolean => ram.bytes(map, IDA_BITS / 8).every((byte) => byte === 0);
  const free = (ida: Xa, id: number): void => {
    const index: Index = { hi: 0, lo: Math.floor(id / IDA_BITS) };
    const map = array.load(ida, index) as number;
    const bit = id % IDA_BITS;
    const at = map + (bit >> 3);
    if (map === 0 || (ram.readU8(at) >>> (bit & 7) & 1) === 0) {
      reporter.warn(sites.idaFree, `ida_free called for id=${id} which is not allocated.`);
      return;
    }
    ram.writeU8(at, ram.readU8(at) & ~(1 << (bit & 7)));
    if (isEmpty(map)) {
      array.store(ida, index, 0);
      allocator.kfree(map);
    } else array.setMark(ida, array.walk(ida, index)!, FREE_MARK);
  };
  return {
    ida_alloc_range: fn('ida_alloc_range', (ida: Ptr<'ida'>, min: number, max: number, _gfp: number) => {
      if (min > INT_MAX) return -ENOSPC;
      const last = Math.min(max, INT_MAX);
      for (let from = min; from <= last;) {
        const index = array.findFree(ida, { hi: 0, lo: Math.floor(from / IDA_BITS) }, { hi: 0, lo: Math.floor(last / IDA_BITS) });
        if (index === undefined) return -ENOSPC;
        const first = Math.max(from, index.lo * IDA_BITS);
        let map = array.load(ida, index) as number;
        if (map === 0) {
          map = allocator.kmalloc(IDA_BITS / 8, 0);
          if (map === 0 || array.store(ida, index, map) === undefined) return -ENOMEM;
        }
        const bit = firstZero(map, first % IDA_BITS);
        const id = index.lo * IDA_BITS + bit;
        if (bit === IDA_BITS) {
          from = id;
          continue;
        }
        if (id > last) return -ENOSPC;
        ram.writeU8(map + (bit >> 3), ram.readU8(map + (bit >> 3)) | 1 << (bit & 7));
        const place = array.walk(ida, index)!;
        if (firstZero(map, 0) === IDA_BITS) array.clearMark(ida, place, FREE_MARK);
        else array.setMark(ida, place, FREE_MARK);
        return id;
      }
      return -ENOSPC;
    }),
    ida_free: fn('ida_free', (ida: Ptr<'ida'>, id: number) => free(ida, id)),
    ida_destroy: fn('ida_destroy', (ida: Ptr<'ida'>) => {
      for (let from: Index | undefined = ZERO; from !== undefined;) {
        const found = array.find(ida, from, MAX_INDEX);
        if (found === undefined) break;
        allocator.kfree(found.entry as number);
        from = array.next(ida, found.index);
      }
      array.destroy(ida);
    }),
  };
}
