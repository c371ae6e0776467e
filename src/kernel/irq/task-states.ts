// Task states in which threads of interrupts sleep and end (include/linux/sched.h; user-visible in /proc/PID/stat).

export const TASK_RUNNING = 0;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
export const TASK_DEAD = 0x80;
