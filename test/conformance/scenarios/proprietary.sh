# A proprietary module taints the kernel; so does one without a licence.
# modules: proprietary no_license hello
insmod /proprietary.ko; echo "$?"
cat /proc/modules
insmod /hello.ko n=1
cat /proc/modules
rmmod hello
rmmod proprietary
insmod /no_license.ko n=0; echo "$?"
cat /sys/module/hello/taint
cat /proc/sys/kernel/tainted
rmmod hello
