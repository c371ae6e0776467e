// Caches that modules create: their struct kmem_cache, the checks at creation, and what happens to objects that remain when a
// cache is destroyed. Linux: mm/slab_common.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Log, Reporter, Symbols, Taints } from '../services.ts';
import { KernelPanic } from '../errors.ts';
import { KmemCacheWriter } from './kmalloc-classes.ts';
import { cacheShape, type SlabAllocator } from './slab.ts';
import { lastCpuPidWidth } from './page-structs.ts';
import type { Slab, SlabCache } from './slab-cache.ts';
import { mmWarnSites, type WarnSites } from './warn-sites.ts';

const KERN_ERR = 3, KERN_WARNING = 4;
/** KMALLOC_MAX_SIZE: no object may be larger. */
const OBJECT_SIZE_MAX = 4 << 20;

export interface CacheRequest {
  readonly name: Ptr;
  readonly size: number;
  readonly align: number;
  readonly flags: number;
  readonly ctor: Ptr;
  readonly userOffset: number;
  readonly userSize: number;
}

export interface KmemCachesDeps {
  readonly abi: Abi;
  readonly ram: Ram;
  readonly slab: SlabAllocator;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly symbols: Symbols;
  readonly taints: Taints & { readonly text: string };
  /** An address as %p prints it. */
  readonly hashPointer: (addr: Ptr) => string;
  readonly nrCpus: number;
}

export class KmemCaches {
  readonly #deps: KmemCachesDeps;
  readonly #writer: KmemCacheWriter;
  readonly #sites: WarnSites;
  readonly #flagBits: { readonly hwCacheAlign: number; readonly panic: number };
  /** Name strings by cache, freed with it. */
  readonly #names = new Map<Ptr, Ptr>();

  constructor(deps: KmemCachesDeps) {
    this.#deps = deps;
    this.#writer = new KmemCacheWriter(deps.abi, deps.ram);
    this.#sites = mmWarnSites(deps.abi.kernelVersion);
    this.#flagBits = slabFlagBits(deps.abi);
  }

  /** A new cache, or NULL with Linux's complaint in the log. */
  create(request: CacheRequest): Ptr<'kmem_cache'> {
    const { ram, slab, reporter } = this.#deps;
    let { userOffset, userSize } = request;
    if ((userSize === 0 && userOffset !== 0) || request.size < userSize || request.size - userSize < userOffset) {
      reporter.warn(this.#sites.cacheBadUserRegion, '');
      userOffset = userSize = 0;
    }
    const name = ram.cstring(request.name);
    if (request.size === 0 || request.size > OBJECT_SIZE_MAX) return this.#failed(name, ERRNO.EINVAL, request.flags);
    const structAddr = slab.kmalloc(this.#writer.sizeBytes, 0);
    const nameAddr = slab.kmalloc(name.length + 1, 0);
    if (structAddr === 0 || nameAddr === 0) return this.#failed(name, ERRNO.ENOMEM, request.flags);
    ram.writeCString(nameAddr, name);
    const { size: objectSize, align, flags, ctor } = request;
    const shape = cacheShape({ name, objectSize, align, flags, ctor, userOffset, userSize }, (flags & this.#flagBits.hwCacheAlign) !== 0, this.#deps.nrCpus);
    this.#writer.write(structAddr, shape, nameAddr);
    slab.createCache(structAddr, shape);
    this.#names.set(structAddr, nameAddr);
    return structAddr;
  }
  createFromArgs(name: Ptr, size: number, args: Ptr<'kmem_cache_args'>, flags: number): Ptr<'kmem_cache'> {
    const { abi, ram } = this.#deps;
    const layout = abi.struct('kmem_cache_args');
    const read = (field: string): number => args === 0 ? 0 : Number(layout.field(field).read(ram, args));
    return this.create({ name, size, flags, align: read('align'), ctor: read('ctor'), userOffset: read('useroffset'), userSize: read('usersize') });
  }

  /** With objects left, Linux complains, keeps the cache and leaks it; `caller` is named in the complaint. */
  destroy(address: Ptr<'kmem_cache'>, caller: Ptr): void {
    if (address === 0) return;
    const { slab, reporter } = this.#deps;
    const cache = slab.cacheAt(address);
    cache.shrink();
    if (cache.inUse > 0) {
      this.#reportRemaining(cache);
      reporter.warn(this.#sites.cacheStillHasObjects, `kmem_cache_destroy ${cache.shape.name}: Slab cache still has objects when called from ${this.#where(caller)}`);
      return;
    }
    slab.forgetCache(address);
    slab.kfree(this.#names.get(address) ?? 0);
    this.#names.delete(address);
    slab.kfree(address);
  }
  /** 0: every empty slab was given back and none is left half used. */
  shrink(address: Ptr<'kmem_cache'>): number {
    const cache = this.#deps.slab.cacheAt(address);
    cache.shrink();
    return cache.slabs.size > 0 ? 1 : 0;
  }

  /** All `count` objects or none. */
  allocBulk(address: Ptr<'kmem_cache'>, gfp: number, count: number, list: Ptr, site: Ptr): number {
    const { ram, slab } = this.#deps;
    const cache = slab.cacheAt(address);
    for (let i = 0; i < count; i++) {
      const object = slab.allocObject(cache, gfp, site);
      if (object === 0) {
        this.freeBulk(i, list);
        return 0;
      }
      ram.writePtr(list + i * 8, object);
    }
    return count;
  }
  freeBulk(count: number, list: Ptr): void {
    for (let i = count; i-- > 0;) this.#deps.slab.freeObject(this.#deps.ram.readPtr(list + i * 8));
  }

  #failed(name: string, errno: number, flags: number): Ptr<'kmem_cache'> {
    const { log, reporter } = this.#deps;
    const creator = this.#sites.cacheBadUserRegion.symbol;
    if ((flags & this.#flagBits.panic) !== 0) throw new KernelPanic(`${creator}: Failed to create slab '${name}'. Error -${errno}`);
    log.printk(KERN_WARNING, `${creator}(${name}) failed with error -${errno}`);
    reporter.dumpStack();
    return 0;
  }
  /**
   * The report SLUB prints for each slab of a cache that is destroyed too early. Full slabs are on no list and do not appear.
   * Releases differ in its order and its end.
   */
  #reportRemaining(cache: SlabCache): void {
    const { log, reporter, taints, hashPointer, abi } = this.#deps;
    const { name } = cache.shape;
    const isNewer = abi.kernelVersion[1] >= 12;
    for (const slab of cache.slabs) {
      if (slab.nrFree === 0) continue;
      const objects = (): void => {
        for (const object of cache.live()) {
          if (object.address >= slab.base && object.address < slab.addressOf(cache.objectsPerSlab)) {
            log.printk(KERN_ERR, `Object 0x${hashPointer(object.address)} @offset=${object.address - slab.base}`);
          }
        }
      };
      log.printk(KERN_ERR, '=============================================================================');
      log.printk(KERN_ERR, `BUG ${name} (${taints.text}): Objects remaining ${isNewer ? '' : `in ${name} `}on __kmem_cache_shutdown()`);
      log.printk(KERN_ERR, '-----------------------------------------------------------------------------\n\n');
      if (isNewer) objects();
      const firstFree = hashPointer(slab.addressOf(slab.free[slab.nrFree - 1]!));
      log.printk(KERN_ERR, `Slab 0x${hashPointer(this.#deps.slab.pageOf(slab))} objects=${cache.objectsPerSlab} used=${slab.inUse} fp=0x${firstFree} flags=${this.#flagsText(slab)}`);
      if (!isNewer) reporter.dumpStack(['slab_err', '__kmem_cache_shutdown']);
      if (!taints.has('B') && !taints.has('D')) log.printk(KERN_WARNING, 'Disabling lock debugging due to kernel taint');
      taints.add('B');
      if (this.#sites.objectsRemaining) reporter.warn(this.#sites.objectsRemaining, '');
      if (!isNewer) objects();
    }
  }
  /** %pGp of the slab's first page. */
  #flagsText(slab: Slab): string {
    const { abi, slab: allocator } = this.#deps;
    // Since 6.8 this flag says that a slab is on the list of partial ones; it is set only there.
    const partial = 1n << BigInt(abi.enumerator('PG_workingset') ?? 0);
    const isOld = abi.enumerator('PG_slab') !== undefined;
    const word = allocator.pageFlags(slab) | (isOld ? 0n : partial);
    const lastCpu = (1n << BigInt(lastCpuPidWidth(abi))) - 1n;
    const names = [isOld ? 'slab' : 'workingset', 'head', 'node=0', 'zone=1', `lastcpupid=0x${lastCpu.toString(16)}`];
    return `0x${word.toString(16)}(${names.join('|')})`;
  }
  #where(address: Ptr): string {
    const found = this.#deps.symbols.symbolize(address);
    if (!found) return '0x0';
    const module = found.module === null ? '' : ` [${found.module}]`;
    return `${found.name}+0x${found.offset.toString(16)}/0x${found.size.toString(16)}${module}`;
  }
}

/** 6.1 has the SLAB_ flags as constants, later releases number their bits in an enum. */
function slabFlagBits(abi: Abi): { hwCacheAlign: number; panic: number } {
  const bit = (enumerator: string, constant: number): number => {
    const n = abi.enumerator(enumerator);
    return n === undefined ? constant : 1 << n;
  };
  return { hwCacheAlign: bit('_SLAB_HWCACHE_ALIGN', 0x2000), panic: bit('_SLAB_PANIC', 0x40000) };
}
