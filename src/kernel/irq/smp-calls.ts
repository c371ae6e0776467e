// Functions called on other CPUs, or on all of them. With one CPU they are called here, with interrupts off as an interrupt from
// another CPU would. Linux: kernel/smp.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import { type ExportTable, fn, sleeping } from '../exports/define.ts';

export interface SmpCallDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly context: { preemptCount: number; areInterruptsDisabled: boolean };
  readonly callSite: (name: string) => Ptr;
}

/** The call descriptor is in use. */
const CSD_FLAG_LOCK = 1;
const THIS_CPU = 0;

export function smpCallExports({ ram, abi, cpu, context, callSite }: SmpCallDeps): ExportTable {
  const csd = abi.struct<string>('__call_single_data');
  const offset = { flags: csd.offset('node.u_flags'), func: csd.offset('func'), info: csd.offset('info') };

  const withoutPreemption = <T>(work: () => T): T => {
    context.preemptCount++;
    try {
      return work();
    } finally {
      context.preemptCount--;
    }
  };
  const callHere = (target: Ptr, info: Ptr, symbol: string): void => {
    const wereOff = context.areInterruptsDisabled;
    context.areInterruptsDisabled = true;
    try {
      cpu.call(target, [info], callSite(symbol));
    } finally {
      context.areInterruptsDisabled = wereOff;
    }
  };
  const single = (number: number, target: Ptr, info: Ptr): number => withoutPreemption(() => {
    if (number !== THIS_CPU) return -ERRNO.ENXIO;
    callHere(target, info, 'smp_call_function_single');
    return 0;
  });
  const hasThisCpu = (mask: Ptr): boolean => (ram.readU8(mask) & 1) !== 0;

  return {
    smp_call_function_single: fn('smp_call_function_single', (number: number, target: Ptr, info: Ptr, _wait: number) => single(number, target, info)),
    smp_call_function_single_async: fn('smp_call_function_single_async', (number: number, data: Ptr) => withoutPreemption(() => {
      if ((ram.readU32(data + offset.flags) & CSD_FLAG_LOCK) !== 0) return -ERRNO.EBUSY;
      if (number !== THIS_CPU) return -ERRNO.ENXIO;
      callHere(ram.readPtr(data + offset.func), ram.readPtr(data + offset.info), 'smp_call_function_single_async');
      return 0;
    })),
    smp_call_function_any: fn('smp_call_function_any', (mask: Ptr<'cpumask'>, target: Ptr, info: Ptr, _wait: number) => withoutPreemption(() => single(hasThisCpu(mask) ? THIS_CPU : -1, target, info))),
    /** These are for the CPUs other than this one. */
    smp_call_function: fn('smp_call_function', (_target: Ptr, _info: Ptr, _wait: number) => {}),
    smp_call_function_many: fn('smp_call_function_many', (_mask: Ptr<'cpumask'>, _target: Ptr, _info: Ptr, _wait: boolean) => {}),
    on_each_cpu_cond_mask: fn('on_each_cpu_cond_mask', (condition: Ptr, target: Ptr, info: Ptr, _wait: boolean, mask: Ptr<'cpumask'>) => withoutPreemption(() => {
      if (!hasThisCpu(mask)) return;
      if (condition !== 0 && (cpu.call(condition, [THIS_CPU, info], callSite('on_each_cpu_cond_mask')) & 0xff) === 0) return;
      callHere(target, info, 'on_each_cpu_cond_mask');
    })),
    smp_call_on_cpu: sleeping('smp_call_on_cpu', function* (number: number, target: Ptr, argument: Ptr, _isPhysical: boolean) {
      return number === THIS_CPU ? (yield* cpu.callSleeping(target, [argument], callSite('smp_call_on_cpu_callback'))) | 0 : -ERRNO.ENXIO;
    }),
  };
}
