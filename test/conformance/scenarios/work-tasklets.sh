# Tasklets: order, scheduling once, disabling, killing, context.
# modules: work_tasklets
insmod /work_tasklets.ko; echo "$?"
rmmod work_tasklets; echo "$?"
