// Counters that are cheap to add to: per-CPU deltas that are folded into one sum in batches; and sequence-stamped error codes.
// Linux: lib/percpu_counter.c, lib/errseq.c.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { data, type ExportTable, fn, since } from '../exports/define.ts';
import type { PerCpu } from '../services.ts';

const ENOMEM = 12;
type Counter = Ptr<'percpu_counter'>;

export function counterExports(ram: Ram, abi: Abi, perCpu: PerCpu, cpu: () => number): ExportTable {
  return { ...perCpuCounterExports(ram, abi, perCpu, cpu), ...errseqExports(ram) };
}

function perCpuCounterExports(ram: Ram, abi: Abi, perCpu: PerCpu, cpu: () => number): ExportTable {
  const layout = abi.struct('percpu_counter');
  const at = { count: layout.offset('count'), counters: layout.offset('counters'), list: layout.offset('list') };
  const delta = (counter: Counter, n: number): Ptr => perCpu.address(ram.readPtr(counter + at.counters), n);
  const base = (counter: Counter): bigint => ram.readI64(counter + at.count);
  const addToBase = (counter: Counter, amount: bigint): void => ram.writeU64(counter + at.count, base(counter) + amount);
  const sum = (counter: Counter): bigint => {
    let total = base(counter);
    for (let n = 0; n < perCpu.nrCpus; n++) total += BigInt(ram.readI32(delta(counter, n)));
    return total;
  };
  const init = (counter: Counter, amount: bigint): number => {
    const offset = perCpu.alloc(4, 4);
    if (offset === 0) return -ENOMEM;
    ram.writeU64(counter + at.count, amount);
    ram.writePtr(counter + at.counters, offset);
    ram.writePtr(counter + at.list, counter + at.list);
    ram.writePtr(counter + at.list + 8, counter + at.list);
    return 0;
  };
  const destroy = (counter: Counter): void => {
    const offset = ram.readPtr(counter + at.counters);
    if (offset === 0) return;
    perCpu.free(offset);
    ram.writePtr(counter + at.counters, 0);
  };
  const set = (counter: Counter, amount: bigint): void => {
    for (let n = 0; n < perCpu.nrCpus; n++) ram.writeU32(delta(counter, n), 0);
    ram.writeU64(counter + at.count, amount);
  };
  return {
    percpu_counter_batch: data(4, (addr) => ram.writeU32(addr, Math.max(32, perCpu.nrCpus * 2)), 4),
    __percpu_counter_init: fn('__percpu_counter_init', (counter: Counter, amount: bigint, _gfp: number, _key: Ptr) => init(counter, amount)),
    __percpu_counter_init_many: since([6, 6], fn('__percpu_counter_init_many', (first: Counter, amount: bigint, _gfp: number, count: number, _key: Ptr) => {
      for (let i = 0; i < count; i++) {
        const result = init(first + i * layout.sizeBytes, amount);
        if (result !== 0) return result;
      }
      return 0;
    })),
    percpu_counter_destroy: fn('percpu_counter_destroy', destroy),
    percpu_counter_destroy_many: since([6, 6], fn('percpu_counter_destroy_many', (first: Counter, count: number) => {
      for (let i = 0; i < count; i++) destroy(first + i * layout.sizeBytes);
    })),
    percpu_counter_set: fn('percpu_counter_set', set),
    percpu_counter_sync: fn('percpu_counter_sync', (counter: Counter) => set(counter, sum(counter))),
    percpu_counter_add_batch: fn('percpu_counter_add_batch', (counter: Counter, amount: bigint, batch: number) => {
      const own = delta(counter, cpu());
      const next = BigInt(ram.readI32(own)) + amount;
      const magnitude = next < 0n ? -next : next;
      if (magnitude < BigInt(batch)) return ram.writeU32(own, Number(next));
      addToBase(counter, next);
      ram.writeU32(own, 0);
    }),
    __percpu_counter_sum: fn('__percpu_counter_sum', sum),
    __percpu_counter_compare: fn('__percpu_counter_compare', (counter: Counter, value: bigint, _batch: number) => {
      const total = sum(counter);
      return total > value ? 1 : total < value ? -1 : 0;
    }),
  };
}

/** errseq_t: 12 bits of errno, a "somebody has seen it" bit, and a counter above. */
const ERROR_MASK = 0xfff, SEEN = 0x1000, INCREMENT = 0x2000;

function errseqExports(ram: Ram): ExportTable {
  const errorOf = (value: number): number => -(value & ERROR_MASK);
  return {
    errseq_set: fn('errseq_set', (at: Ptr, error: number) => {
      const old = ram.readU32(at);
      if (error === 0 || -error > ERROR_MASK) return old;
      const next = ((old & ~(ERROR_MASK | SEEN)) | -error) >>> 0;
      const counted = (old & SEEN) !== 0 ? (next + INCREMENT) >>> 0 : next;
      ram.writeU32(at, counted);
      return counted;
    }),
    errseq_sample: fn('errseq_sample', (at: Ptr) => {
      const value = ram.readU32(at);
      return (value & SEEN) !== 0 ? value : 0;
    }),
    errseq_check: fn('errseq_check', (at: Ptr, sample: number) => {
      const value = ram.readU32(at);
      return value === sample ? 0 : errorOf(value);
    }),
    errseq_check_and_advance: fn('errseq_check_and_advance', (at: Ptr, sampleAt: Ptr) => {
      const value = ram.readU32(at);
      if (value === ram.readU32(sampleAt)) return 0;
      const seen = (value | SEEN) >>> 0;
      ram.writeU32(at, seen);
      ram.writeU32(sampleAt, seen);
      return errorOf(seen);
    }),
  };
}
