# jump.ko commits its fault in init.
# modules: jump
insmod /jump.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod jump; echo "$?"
