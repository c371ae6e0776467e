# init returns a positive number: Linux complains and goes on.
# modules: init_positive
insmod /init_positive.ko; echo "$?"
lsmod
rmmod init_positive; echo "$?"
