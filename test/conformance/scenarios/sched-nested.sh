# Sleeps inside nested calls whose callers keep values in registers and on the stack.
# modules: sched_nested
insmod /sched_nested.ko; echo "$?"
rmmod sched_nested; echo "$?"
