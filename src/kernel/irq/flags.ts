// Flags of interrupt lines as drivers and chips see them (include/linux/interrupt.h, include/linux/irq.h).

export const IRQF = {
  TRIGGER_MASK: 0xf, SHARED: 0x80, PROBE_SHARED: 0x100, PERCPU: 0x400, NOBALANCING: 0x800, ONESHOT: 0x2000, NO_SUSPEND: 0x4000, COND_SUSPEND: 0x4_0000, NO_AUTOEN: 0x8_0000,
  /** 6.12: agrees to one shot if the others on the line want it. */
  COND_ONESHOT: 0x20_0000,
} as const;

/** What a handler returns. */
export const IRQ_NONE = 0;
export const IRQ_HANDLED = 1;
export const IRQ_WAKE_THREAD = 2;

/** Trigger types that are levels. */
export const IRQ_TYPE_LEVEL_MASK = 0xc;
export const IRQ_TYPE_SENSE_MASK = 0xf;

/** Bits of irq_desc.status_use_accessors: how the line may be used. */
export const IRQ = {
  LEVEL: 0x100, PER_CPU: 0x200, NOPROBE: 0x400, NOREQUEST: 0x800, NOAUTOEN: 0x1000, NO_BALANCING: 0x2000, MOVE_PCNTXT: 0x4000, NESTED_THREAD: 0x8000,
  NOTHREAD: 0x1_0000, PER_CPU_DEVID: 0x2_0000, IS_POLLED: 0x4_0000, DISABLE_UNLAZY: 0x8_0000, HIDDEN: 0x10_0000,
} as const;
/** What irq_modify_status() may change. */
export const IRQF_MODIFY_MASK = IRQ_TYPE_SENSE_MASK | 0x1f_ff00;

/** Bits of irq_common_data.state_use_accessors: what state the line is in. */
export const IRQD = {
  TRIGGER_MASK: 0xf, SETAFFINITY_PENDING: 0x100, ACTIVATED: 0x200, NO_BALANCING: 0x400, PER_CPU: 0x800, AFFINITY_SET: 0x1000, LEVEL: 0x2000, WAKEUP_STATE: 0x4000, MOVE_PCNTXT: 0x8000,
  DISABLED: 0x1_0000, MASKED: 0x2_0000, INPROGRESS: 0x4_0000, STARTED: 0x40_0000, DEFAULT_TRIGGER_SET: 0x200_0000,
} as const;

/** Bits of irq_chip.flags. */
export const IRQCHIP = { SET_TYPE_MASKED: 1, EOI_IF_HANDLED: 2, SKIP_SET_WAKE: 0x10, ONESHOT_SAFE: 0x20, EOI_THREADED: 0x40 } as const;
