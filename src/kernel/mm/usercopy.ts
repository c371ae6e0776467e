// Hardened usercopy: before bytes cross between kernel and user space, the kernel side must be one whole object. Compiled
// code calls this wherever the size is not a constant. Linux: mm/usercopy.c.

import { PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import { fn, type ExportTable } from '../exports/define.ts';
import type { Log, Reporter } from '../services.ts';
import type { SlabAllocator } from './slab.ts';
import type { VmallocAreas } from './vmalloc.ts';
import type { WarnSites } from './warn-sites.ts';

export interface UsercopyDeps {
  readonly slab: SlabAllocator;
  readonly areas: VmallocAreas;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly sites: WarnSites;
  /** Kernel text, or text of a module: never copied. */
  readonly isText: (addr: Ptr) => boolean;
}

export function usercopyExports({ slab, areas, log, reporter, sites, isText }: UsercopyDeps): ExportTable {
  const abort = (what: string, detail: string, toUser: boolean, offset: number, size: number): never => {
    const attempt = toUser ? 'exposure attempt detected from' : 'overwrite attempt detected to';
    log.printk(0, `usercopy: Kernel memory ${attempt} ${what}${detail === '' ? '' : ` '${detail}'`} (offset ${offset}, size ${size})!`);
    return reporter.bug(what === 'SLUB object' ? sites.usercopyHeap : sites.usercopyAbort);
  };
  const check = (addr: Ptr, size: number, toUser: boolean): void => {
    if (size === 0) return;
    if (addr > 0 && addr <= 16) abort(addr === 16 ? 'zero-size allocation' : 'null address', '', toUser, addr, size);
    if (addr === 0) abort('null address', '', toUser, 0, size);
    if (addr + size > 0 && addr < 0) abort('wrapped address', '', toUser, 0, addr + size);
    const area = areas.find(addr);
    if (area !== undefined) {
      const offset = addr - area.address;
      if (offset + size > area.nrPages * PAGE_SIZE) abort('vmalloc', '', toUser, offset, size);
      return;
    }
    const shape = slab.slabCacheOf(addr)?.shape;
    if (shape !== undefined) {
      const offset = slab.offsetInObject(addr);
      if (offset >= shape.userOffset && offset - shape.userOffset <= shape.userSize && size <= shape.userOffset - offset + shape.userSize) return;
      abort('SLUB object', shape.name, toUser, offset, size);
    }
    const large = slab.find(addr);
    if (large !== undefined && addr + size > large.address + large.size) abort('page alloc', '', toUser, addr - large.address, size);
    if (isText(addr) || isText(addr + size - 1)) abort('kernel text', '', toUser, addr, size);
  };
  return {
    __check_object_size: fn('__check_object_size', check),
    __copy_overflow: fn('__copy_overflow', (size: number, count: number) =>
      reporter.warn(sites.copyOverflow, `Buffer overflow detected (${size} < ${count})!`)),
  };
}
