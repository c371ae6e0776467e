# A NULL pointer is read in init.
# modules: null
insmod /null.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted /sys/kernel/oops_count
rmmod null; echo "$?"
