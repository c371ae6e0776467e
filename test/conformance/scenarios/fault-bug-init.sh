# bug.ko commits its fault in init.
# modules: bug
insmod /bug.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod bug; echo "$?"
