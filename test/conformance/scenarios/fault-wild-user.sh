# A write to a user address where nothing is mapped.
# modules: wild
insmod /wild.ko at_init=1 where=0x100000000000; echo "$?"
