# GPL-only symbols, for a module that may use them and for one that may not.
# modules: exporter gpl_user bsd_user
insmod /exporter.ko
insmod /gpl_user.ko; echo "$?"
rmmod gpl_user
insmod /bsd_user.ko; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod exporter
