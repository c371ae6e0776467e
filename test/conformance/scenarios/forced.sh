# Modules without versions, or without version magic, load but taint.
# modules: no_versions no_vermagic
insmod /no_versions.ko n=1; echo "$?"
cat /sys/module/hello/taint
cat /proc/sys/kernel/tainted
rmmod hello
insmod /no_vermagic.ko n=1; echo "$?"
cat /proc/modules
rmmod hello
