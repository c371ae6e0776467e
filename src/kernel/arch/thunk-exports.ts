// Names the compiler puts into every module: function entry hooks, return and retpoline thunks, and the trampolines of static
// calls that a PREEMPT_DYNAMIC kernel in its voluntary mode has. Linux: arch/x86/lib/retpoline.S, kernel/sched/core.c.

import type { Sleeping, HostFunction } from '../../cpu/api.ts';
import { RAX, REGISTER_NAMES } from '../../ir/ir.ts';
import { type ExportTable, raw, since, special } from '../exports/define.ts';

export interface ThunkDeps {
  /** cond_resched(): lets other tasks run if it is time; 1 when one did. */
  readonly condResched: () => number | Sleeping<number>;
}

export function thunkExports({ condResched }: ThunkDeps): ExportTable {
  const later = since.bind(null, [6, 12] as const);
  const indirect = (prefix: string) => REGISTER_NAMES.map((name, reg) => [`${prefix}${name}`, special({ kind: 'indirect', reg })] as const);
  const resched: HostFunction = (regs) => {
    const result = condResched();
    if (typeof result === 'number') regs.set(RAX, result);
    else return (function* (): Sleeping<void> { regs.set(RAX, yield* result); })();
  };
  return {
    __fentry__: special({ kind: 'nop' }),
    __x86_return_thunk: special({ kind: 'return' }),
    ...Object.fromEntries(indirect('__x86_indirect_thunk_')),
    // 6.12 has a second and a third set, for call depth tracking.
    ...Object.fromEntries(indirect('__x86_indirect_call_thunk_').map(([name, entry]) => [name, later(entry)])),
    ...Object.fromEntries(indirect('__x86_indirect_jump_thunk_').map(([name, entry]) => [name, later(entry)])),
    __SCT__might_resched: raw(resched, 'may'),
    __SCT__cond_resched: raw(resched, 'may'),
    __cond_resched: raw(resched, 'may'),
    // In voluntary mode preemption at preempt_enable() is off: the trampolines return at once.
    __SCT__preempt_schedule: special({ kind: 'nop' }),
    __SCT__preempt_schedule_notrace: special({ kind: 'nop' }),
    __static_call_return0: raw((regs) => regs.set(RAX, 0)),
  };
}
