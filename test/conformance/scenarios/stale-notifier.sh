# A notifier left behind by an unloaded module is called.
# modules: stale_notifier hello
insmod /hello.ko n=1
insmod /stale_notifier.ko
rmmod stale_notifier
rmmod hello; echo "$?"
cat /proc/modules
