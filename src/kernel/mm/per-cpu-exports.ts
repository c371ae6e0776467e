// Exported symbols of per-CPU memory: the variables every module reaches through GS, and alloc_percpu().

import { alignUp, PAGE_SIZE, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { at, data, fn, since, type ExportTable } from '../exports/define.ts';
import type { Log, Reporter } from '../services.ts';
import type { PerCpuAreas } from './per-cpu.ts';
import type { WarnSites } from './warn-sites.ts';

/** PCPU_MIN_UNIT_SIZE: the largest allocation. */
const UNIT_SIZE = 32 << 10;
/** Static variables of vmlinux whose zero, or what PerCpuAreas wrote, is the value they should have at boot. */
const STATIC_VARIABLES = [
  'this_cpu_off', 'cpu_number', 'current_task', '__preempt_count', 'pcpu_hot', 'numa_node',
] as const;

export interface PerCpuExportDeps {
  readonly ram: Ram;
  readonly perCpu: PerCpuAreas;
  readonly nrCpuIds: number;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly sites: WarnSites;
}

export function perCpuExports({ ram, perCpu, nrCpuIds, log, reporter, sites }: PerCpuExportDeps): ExportTable {
  const alloc = (size: number, align: number): number => {
    const isValid = size > 0 && size <= UNIT_SIZE && align <= PAGE_SIZE && (align & (align - 1)) === 0;
    if (!isValid) {
      reporter.warn(sites.percpuBadRequest, `illegal size (${size}) or align (${align}) for percpu allocation`);
      return 0;
    }
    const offset = perCpu.alloc(alignUp(size, 4), Math.max(align, 4));
    if (offset === 0) {
      log.printk(4, `percpu: allocation failed, size=${size} align=${align} atomic=0, alloc from reserved chunk failed`);
      reporter.dumpStack();
    }
    return offset;
  };
  return {
    ...Object.fromEntries(STATIC_VARIABLES.flatMap((name) => {
      const offset = perCpu.variable(name);
      return offset === undefined ? [] : [[name, at(offset, true)]];
    })),
    // Where compilers look for the stack canary: the area's first bytes.
    fixed_percpu_data: at(0, true),
    // The same variable, declared constant so that compilers may keep what they read.
    ...(perCpu.variable('pcpu_hot') === undefined ? {} : { const_pcpu_hot: at(perCpu.variable('pcpu_hot')!, true) }),
    __per_cpu_offset: data(nrCpuIds * 8, (addr) => {
      for (let cpu = 0; cpu < perCpu.nrCpus; cpu++) ram.writePtr(addr + cpu * 8, perCpu.base(cpu));
    }),
    __alloc_percpu: fn('__alloc_percpu', (size: number, align: number) => alloc(size, align)),
    __alloc_percpu_gfp: fn('__alloc_percpu_gfp', (size: number, align: number, _gfp: number) => alloc(size, align)),
    pcpu_alloc_noprof: since([6, 12], fn('pcpu_alloc_noprof', (size: number, align: number, _reserved: boolean, _gfp: number) => alloc(size, align))),
    free_percpu: fn('free_percpu', (ptr: Ptr) => perCpu.free(ptr)),
  };
}
