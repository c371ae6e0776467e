# References a module takes to itself.
# modules: refs
insmod /refs.ko
echo get > /sys/module/refs/parameters/ref
echo get > /sys/module/refs/parameters/ref
lsmod
cat /sys/module/refs/parameters/ref /sys/module/refs/refcnt
rmmod refs; echo "$?"
echo put > /sys/module/refs/parameters/ref
rmmod refs; echo "$?"
echo put > /sys/module/refs/parameters/ref
rmmod refs; echo "$?"
