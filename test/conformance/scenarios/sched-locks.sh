# Mutexes, semaphores and reader-writer semaphores with several waiters.
# modules: sched_locks
insmod /sched_locks.ko; echo "$?"
rmmod sched_locks; echo "$?"
