# divide.ko commits its fault in init.
# modules: divide
insmod /divide.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod divide; echo "$?"
