// What task_struct.__state and its flags say, and the timeout that means none (include/linux/sched.h).

/** Bits of task_struct.__state (include/linux/sched.h); stable user-visible facts (`ps`, /proc/PID/stat). */
export const TASK_RUNNING = 0;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
export const TASK_NORMAL = TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE;
export const TASK_DEAD = 0x80;
export const TASK_WAKEKILL = 0x100;

/** A timeout that never ends (include/linux/sched.h: LONG_MAX, here as the nearest number). */
export const MAX_SCHEDULE_TIMEOUT = 2 ** 63;

/** PF_KTHREAD in task_struct.flags. */
export const PF_KTHREAD = 0x0020_0000;
