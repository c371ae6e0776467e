# Two modules that share symbols: dependency, use count, and the order in which they can go.
# modules: exporter user
insmod /user.ko; echo "$?"
insmod /exporter.ko; echo "$?"
insmod /user.ko; echo "$?"
lsmod
cat /proc/modules
ls /sys/module/exporter/holders
cat /sys/module/exporter/refcnt
rmmod exporter; echo "$?"
rmmod user; echo "$?"
cat /sys/module/exporter/refcnt
lsmod
rmmod exporter; echo "$?"
