# Workqueues of a module: ordered, unbound, limited; flush, drain, destroy.
# modules: work_queues
insmod /work_queues.ko; echo "$?"
rmmod work_queues; echo "$?"
