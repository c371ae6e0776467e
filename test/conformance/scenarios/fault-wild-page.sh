# A write to page 1, which is no NULL pointer for Linux.
# modules: wild
insmod /wild.ko at_init=1 where=0x1004; echo "$?"
