// Which context the processor is in, as the real words say: the per-CPU preempt count that modules inline, and the
// interrupt flag. Linux: asm/preempt.h, include/linux/preempt.h.

import type { Abi } from '../../abi/abi.ts';
import { assert } from '../../base/assert.ts';
import type { Ram } from '../../base/ram.ts';
import { type CpuModel, RFLAGS } from '../../x86/cpu-model.ts';
import type { PerCpu } from '../services.ts';

/** Set while no reschedule is wanted: the flag is inverted so that one decrement can test both. */
const NO_RESCHED_NEEDED = 0x8000_0000;

export interface ContextStateParts { readonly ram: Ram; readonly abi: Abi; readonly perCpu: PerCpu; readonly model: CpuModel }

export class ContextState {
  readonly #parts: ContextStateParts;
  readonly #offset: number;

  constructor(parts: ContextStateParts) {
    this.#parts = parts;
    const own = parts.abi.perCpuVariable('__preempt_count');
    const hot = parts.abi.perCpuVariable('pcpu_hot');
    if (own) this.#offset = own.offset;
    else {
      assert(hot, 'the ABI has neither __preempt_count nor pcpu_hot');
      this.#offset = hot.offset + parts.abi.struct('pcpu_hot').offset('preempt_count');
    }
    this.preemptCount = 0;
  }

  /** Preemption, softirq, hardirq and NMI counts, without the reschedule flag. */
  get preemptCount(): number { return this.#parts.ram.readU32(this.#address) & ~NO_RESCHED_NEEDED; }
  set preemptCount(count: number) { this.#parts.ram.writeU32(this.#address, (count | NO_RESCHED_NEEDED) >>> 0); }

  get areInterruptsDisabled(): boolean { return !this.#parts.model.isInterruptible; }
  set areInterruptsDisabled(isDisabled: boolean) { this.#parts.model.changeSystemFlag(RFLAGS.IF, !isDisabled); }

  get #address(): number { return this.#parts.perCpu.address(this.#offset, this.#parts.model.number); }
}
