# A write to a kernel address where nothing is mapped.
# modules: wild
insmod /wild.ko at_init=1 where=0xffffffffff000000; echo "$?"
