# Two users of one module, one of them without init and exit.
# modules: exporter user second_user
insmod /exporter.ko
insmod /second_user.ko; echo "$?"
insmod /user.ko
lsmod
cat /proc/modules
ls /sys/module/exporter/holders
rmmod second_user; echo "$?"
lsmod
rmmod user
rmmod exporter
