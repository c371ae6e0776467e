// Which CPUs and NUMA nodes there are, as the masks and counters that inlined code reads. Linux: kernel/cpu.c, mm/page_alloc.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { data, type ExportTable } from '../exports/define.ts';

const ALL_MASKS = ['__cpu_possible_mask', '__cpu_present_mask', '__cpu_online_mask', '__cpu_active_mask'] as const;

export function cpuMaskExports(abi: Abi, ram: Ram, nrCpus: number): ExportTable {
  const maskBytes = abi.sizeOf('cpumask');
  const nrBits = maskBytes * 8;
  const online = (at: Ptr): void => ram.writeU8(at, (1 << nrCpus) - 1);
  const u32 = (value: number) => data(4, (at) => ram.writeU32(at, value), 4);
  return {
    ...Object.fromEntries(ALL_MASKS.map((name) => [name, data(maskBytes, online)])),
    __cpu_dying_mask: data(maskBytes),
    __num_online_cpus: u32(nrCpus),
    nr_cpu_ids: u32(nrCpus),
    nr_node_ids: u32(1),
    nr_online_nodes: u32(1),
    node_states: nodeStates(abi, ram),
    cpu_all_bits: data(maskBytes, (at) => ram.fill(at, maskBytes, 0xff)),
    // cpumask_of(cpu) points into row 1 + cpu % 64, cpu / 64 words earlier: row n has bit n - 1 set in its first word.
    cpu_bit_bitmap: data((64 + 1) * maskBytes, (at) => {
      for (let bit = 0; bit < Math.min(64, nrBits); bit++) ram.writeU8(at + (bit + 1) * maskBytes + (bit >> 3), 1 << (bit & 7));
    }),
  };
}

/** Node 0 is possible, online, and has memory and CPUs. */
function nodeStates(abi: Abi, ram: Ram) {
  const size = abi.sizeOf('nodemask_t');
  return data((abi.enumerator('NR_NODE_STATES') ?? 6) * size, (at) => {
    for (let state = 0; state < (abi.enumerator('NR_NODE_STATES') ?? 6); state++) ram.writeU8(at + state * size, 1);
  });
}
