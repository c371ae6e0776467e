// The softirq vectors, in the order in which they are served (include/linux/interrupt.h).

/** Softirq numbers: lower ones are served first (include/linux/interrupt.h). */
export const SOFTIRQ = { HI: 0, TIMER: 1, NET_TX: 2, NET_RX: 3, BLOCK: 4, IRQ_POLL: 5, TASKLET: 6, SCHED: 7, HRTIMER: 8, RCU: 9 } as const;
