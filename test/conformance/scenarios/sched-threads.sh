# Kernel threads over a wait queue: producer and consumer, stopping, parking.
# modules: sched_threads
insmod /sched_threads.ko; echo "$?"
rmmod sched_threads; echo "$?"
