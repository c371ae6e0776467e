# BUG() in a parameter setter, after init. The module's parameters stay locked for ever, so it is left alone afterwards.
# modules: bug
insmod /bug.ko
sh -c "echo 1 > /sys/module/bug/parameters/trigger"; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
