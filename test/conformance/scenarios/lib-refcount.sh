# Reference counts that go wrong.
# modules: lib_refcount
insmod /lib_refcount.ko; echo "$?"
cat /proc/sys/kernel/tainted
rmmod lib_refcount
