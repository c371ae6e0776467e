# A write to a constant.
# modules: read_only
insmod /read_only.ko at_init=1 what=constant; echo "$?"
