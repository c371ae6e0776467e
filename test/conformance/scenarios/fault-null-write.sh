# A NULL pointer is written in init.
# modules: null
insmod /null.ko at_init=1 how=write; echo "$?"
