// The fields of preempt_count, as modules inline them (asm/preempt.h, include/linux/preempt.h): how deep the processor is in
// sections without preemption, softirqs (or sections without them) and hardware interrupts.

export const SOFTIRQ_OFFSET = 0x100;
/** local_bh_disable() adds this, so that a softirq being served differs from softirqs being off. */
export const SOFTIRQ_DISABLE_OFFSET = 2 * SOFTIRQ_OFFSET;
export const HARDIRQ_OFFSET = 0x1_0000;
export const SOFTIRQ_MASK = 0xff00;
export const HARDIRQ_MASK = 0xf_0000;
export const NMI_MASK = 0xf0_0000;
/** in_interrupt(): any of these is set. */
export const INTERRUPT_MASK = SOFTIRQ_MASK | HARDIRQ_MASK | NMI_MASK;
