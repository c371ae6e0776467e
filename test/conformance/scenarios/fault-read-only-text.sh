# A write to the module's own text.
# modules: read_only
insmod /read_only.ko at_init=1 what=text; echo "$?"
