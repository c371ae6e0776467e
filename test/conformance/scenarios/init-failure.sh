# init fails: everything is undone, and the error reaches insmod unchanged.
# modules: init_fail exporter
insmod /init_fail.ko; echo "$?"
insmod /init_fail.ko code=12; echo "$?"
insmod /init_fail.ko code=16; echo "$?"
insmod /init_fail.ko code=517; echo "$?"
lsmod
insmod /init_fail.ko code=0; echo "$?"
lsmod
rmmod init_fail; echo "$?"
