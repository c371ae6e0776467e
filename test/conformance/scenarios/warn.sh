# Every kind of WARN, in init and again in a parameter setter: _ONCE means once.
# modules: warn
insmod /warn.ko at_init=1; echo "$?"
echo 1 > /sys/module/warn/parameters/trigger; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted /sys/kernel/warn_count
rmmod warn; echo "$?"
