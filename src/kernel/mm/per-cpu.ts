// Per-CPU memory. Each CPU's area starts with vmlinux's static section (symbols there are offsets from the GS base), then
// room for modules' sections and alloc_percpu(). A `__percpu` pointer is such an offset, so `ptr + __per_cpu_offset[cpu]` and
// `gs:[ptr]` both reach this CPU's copy. Linux: mm/percpu.c, arch/x86/kernel/setup_percpu.c.

import type { Abi } from '../../abi/abi.ts';
import { addressAt, alignUp, type Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { BLOCK, CPU_BLOCK_OFFSET, CPU_BLOCK_SIZE } from '../../cpu/layout.ts';
import type { PerCpu } from '../services.ts';
import { FreeRanges } from './free-ranges.ts';
import type { RamMap } from './ram-map.ts';

/** Bits of the stack canary that are not zero; the lowest byte is, so that string functions stop at it. */
const CANARY_MASK = 0xffff_ffff_ffff_ff00n;

/** `__preempt_count` with preemption enabled; the top bit set means that no reschedule is asked for (asm/preempt.h). */
const PREEMPT_ENABLED = 0x8000_0000;

export interface PerCpuOptions {
  /** Stack canaries come from here: deterministic for a seed. */
  readonly random64: () => bigint;
}

export class PerCpuAreas implements PerCpu {
  readonly nrCpus: number;
  readonly #ram: Ram;
  readonly #map: RamMap;
  readonly #abi: Abi;
  readonly #dynamic: FreeRanges;

  constructor(ram: Ram, map: RamMap, abi: Abi, options: PerCpuOptions) {
    this.#ram = ram;
    this.#map = map;
    this.#abi = abi;
    this.nrCpus = map.nrCpus;
    this.#dynamic = new FreeRanges(alignUp(abi.perCpuSizeBytes, 64), map.perCpuStride);
    for (let cpu = 0; cpu < this.nrCpus; cpu++) this.#bringUp(cpu, options.random64() & CANARY_MASK);
  }

  /** GS base of `cpu` = __per_cpu_offset[cpu]. */
  base(cpu: number): Ptr { return this.#map.perCpuAreas + cpu * this.#map.perCpuStride; }
  address(offset: number, cpu: number): Ptr { return this.base(cpu) + offset; }
  /** Offset of a static variable of vmlinux, undefined when this release has none of that name. */
  variable(name: string): number | undefined { return this.#abi.perCpuVariable(name)?.offset; }

  alloc(size: number, align: number): number {
    const offset = this.#dynamic.take(alignUp(size, 8), Math.max(align, 8));
    if (offset === undefined) return 0;
    for (let cpu = 0; cpu < this.nrCpus; cpu++) this.#ram.fill(this.address(offset, cpu), size);
    return offset;
  }
  free(offset: number): void { this.#dynamic.give(offset); }

  /** What each CPU reads about itself through GS from its first instruction on. */
  #bringUp(cpu: number, canary: bigint): void {
    const ram = this.#ram;
    const base = this.base(cpu);
    ram.writeU64(base + this.#abi.struct('fixed_percpu_data').offset('stack_canary'), canary);
    const set = (name: string, write: (at: Ptr) => void): void => {
      const offset = this.variable(name);
      if (offset !== undefined) write(base + offset);
    };
    set('this_cpu_off', (at) => ram.writePtr(at, base));
    set('cpu_number', (at) => ram.writeU32(at, cpu));
    set('__preempt_count', (at) => ram.writeU32(at, PREEMPT_ENABLED));
    // 6.2 and later keep these hot variables together in one struct.
    set('pcpu_hot', (at) => {
      const hot = this.#abi.struct('pcpu_hot');
      ram.writeU32(at + hot.offset('cpu_number'), cpu);
      ram.writeU32(at + hot.offset('preempt_count'), PREEMPT_ENABLED);
    });
    ram.writePtr(addressAt(CPU_BLOCK_OFFSET + cpu * CPU_BLOCK_SIZE + BLOCK.gsBase), base);
  }
}
