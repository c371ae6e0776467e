# Modules marked as staging and as test code.
# modules: marked
insmod /marked.ko; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod marked
insmod /marked.ko
rmmod marked
