# Delayed work and work after a grace period.
# modules: work_delayed
insmod /work_delayed.ko; echo "$?"
rmmod work_delayed; echo "$?"
