# The life of one module: loaded, listed, read and written through sysfs, loaded twice, unloaded.
# modules: hello
insmod /hello.ko n=2; echo "insmod: $?"
lsmod
cat /proc/modules
cat /sys/module/hello/coresize /sys/module/hello/initsize /sys/module/hello/initstate /sys/module/hello/taint /sys/module/hello/refcnt
cat /sys/module/hello/parameters/n
insmod /hello.ko; echo "again: $?"
echo 7 > /sys/module/hello/parameters/n; cat /sys/module/hello/parameters/n
echo x > /sys/module/hello/parameters/n; echo "write: $?"
cat /sys/module/hello/parameters/n
ls /sys/module/hello
ls /sys/module/hello/parameters /sys/module/hello/holders
cat /proc/sys/kernel/tainted
rmmod hello; echo "rmmod: $?"
rmmod hello; echo "again: $?"
cat /sys/module/hello/initstate
insmod /hello.ko; echo "insmod: $?"
rmmod hello
