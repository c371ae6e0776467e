# oops_chain.ko commits its fault in init.
# modules: oops_chain
insmod /oops_chain.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod oops_chain; echo "$?"
