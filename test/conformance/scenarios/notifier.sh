# What a module notifier hears when modules come, fail and go; and its veto.
# modules: notifier hello init_fail missing params
insmod /notifier.ko
insmod /hello.ko n=1
rmmod hello
insmod /init_fail.ko; echo "$?"
insmod /params.ko an_int=x; echo "$?"
insmod /missing.ko; echo "$?"
echo -n hello > /sys/module/notifier/parameters/veto
insmod /hello.ko; echo "$?"
lsmod
rmmod notifier
