# Every symbol that is missing is named.
# modules: missing user
insmod /missing.ko; echo "$?"
insmod /user.ko; echo "$?"
lsmod
cat /proc/sys/kernel/tainted
