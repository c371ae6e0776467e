# After an oops the other modules go on.
# modules: exporter user null
insmod /exporter.ko
insmod /null.ko at_init=1; echo "$?"
insmod /user.ko; echo "$?"
rmmod user; echo "$?"
rmmod exporter; echo "$?"
lsmod
