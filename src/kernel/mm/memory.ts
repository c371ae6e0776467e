// Memory management put together: the order in which its parts come up, and the table of everything they export.

import type { Abi } from '../../abi/abi.ts';
import { addressAt, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { BLOCK, CPU_BLOCK_OFFSET } from '../../cpu/layout.ts';
import { RSP } from '../../ir/ir.ts';
import type { ExportTableMakers } from '../exports/register.ts';
import { KERNEL_DATA, KERNEL_DATA_SIZE, type KernelImage } from '../image.ts';
import type { CallGuest } from '../lib/call-guest.ts';
import type { Allocator, Log, Reporter, Symbols, Taints } from '../services.ts';
import { cpuMaskExports } from './cpu-masks.ts';
import { duplicateExports } from './duplicate-exports.ts';
import { KmemCaches } from './kmem-caches.ts';
import { layoutExports } from './layout-exports.ts';
import { maccessExports } from './maccess-exports.ts';
import { mempoolExports } from './mempool-exports.ts';
import { ModuleMemory } from './module-memory.ts';
import { pageExports } from './page-exports.ts';
import { PageStructs } from './page-structs.ts';
import { Pages } from './pages.ts';
import { perCpuExports } from './per-cpu-exports.ts';
import { PerCpuAreas } from './per-cpu.ts';
import { layOutRam, type RamMap } from './ram-map.ts';
import { slabExports } from './slab-exports.ts';
import { SlabAllocator } from './slab.ts';
import { usercopyExports } from './usercopy.ts';
import { Vmalloc, type VmallocDeps, vmallocExports } from './vmalloc-exports.ts';
import { VmallocAreas } from './vmalloc.ts';
import { mmWarnSites } from './warn-sites.ts';

export interface MemoryDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly image: KernelImage;
  readonly nrCpus: number;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly symbols: Symbols;
  readonly taints: Taints & { readonly text: string };
  /** The seeded generator of the kernel; here it makes stack canaries. */
  readonly random64: () => bigint;
  /** Constructors of caches, allocators of pools. */
  readonly callGuest: CallGuest;
  /** An address as %p prints it. */
  readonly hashPointer: (addr: Ptr) => string;
  /** Text of the kernel or of a module. */
  readonly isText: (addr: Ptr) => boolean;
}

export interface Memory {
  readonly map: RamMap;
  readonly pages: Pages;
  readonly slab: SlabAllocator;
  readonly allocator: Allocator;
  readonly caches: KmemCaches;
  readonly areas: VmallocAreas;
  readonly vmalloc: Vmalloc;
  readonly perCpu: PerCpuAreas;
  readonly modules: ModuleMemory;
  /** What is exported, by what it is about: those that most modules import from first. */
  readonly tables: ExportTableMakers;
}

export function bootMemory(deps: MemoryDeps): Memory {
  const { ram, abi, image, log, reporter, symbols, hashPointer, isText } = deps;
  const sites = mmWarnSites(abi.kernelVersion);
  const caller = returnAddress(ram);
  const map = layOutRam(ram.sizeBytes, deps.nrCpus, abi);
  const perCpu = new PerCpuAreas(ram, map, abi, { random64: deps.random64 });
  const structs = new PageStructs(abi, ram, map);
  const pages = new Pages({ ram, map, structs, log, reporter, orderWarning: sites.pageOrder });
  const areas = new VmallocAreas(pages, map.nrPages);
  const slab = new SlabAllocator({ ram, abi, image, pages, reporter, nrCpus: map.nrCpus, isVmalloc: (addr) => areas.find(addr) !== undefined, construct: (ctor, object) => { deps.callGuest('new_slab', ctor, [object]); } });
  const caches = new KmemCaches({ abi, ram, slab, log, reporter, symbols, taints: deps.taints, hashPointer, nrCpus: map.nrCpus });
  const vmallocDeps: VmallocDeps = { abi, ram, areas, slab, pages, reporter, log, sites, caller, hashPointer };
  const vmalloc = new Vmalloc(vmallocDeps);
  const isKernelRodata = (addr: Ptr): boolean => addr >= KERNEL_DATA && addr < KERNEL_DATA + KERNEL_DATA_SIZE;
  const tables: ExportTableMakers = {
    'kernel/mm/slab': () => slabExports(slab, caches, ram, caller),
    'kernel/mm/layout': () => ({
      ...layoutExports(abi, ram, image, map), ...cpuMaskExports(abi, ram, map.nrCpus),
      ...perCpuExports({ ram, perCpu, nrCpuIds: abi.sizeOf('cpumask') * 8, log, reporter, sites }),
    }),
    'kernel/mm/usercopy': () => usercopyExports({ slab, areas, log, reporter, sites, isText }),
    'kernel/mm/maccess': () => maccessExports(ram),
    'kernel/mm/vmalloc': () => ({ ...vmallocExports(vmalloc, vmallocDeps), ...duplicateExports({ ram, slab, vmalloc, caller, isKernelRodata }) }),
    'kernel/mm/pages': () => pageExports({ ram, map, pages, reporter, sites }),
    'kernel/mm/mempool': () => mempoolExports({ ram, abi, slab, pages, vmalloc, callGuest: deps.callGuest, caller }),
  };
  return { map, pages, slab, allocator: slab, caches, areas, vmalloc, perCpu, modules: new ModuleMemory(ram, map, areas), tables };
}

/** While an export runs, the top of the guest stack is the address it returns to: the call site in the module. */
export function returnAddress(ram: Ram): () => Ptr {
  const rsp = addressAt(CPU_BLOCK_OFFSET + BLOCK.regs + RSP * 8);
  return () => {
    const top = ram.readPtr(rsp);
    return ram.has(top, 8) ? ram.readPtr(top) : 0;
  };
}
