# wild.ko commits its fault in init.
# modules: wild
insmod /wild.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod wild; echo "$?"
