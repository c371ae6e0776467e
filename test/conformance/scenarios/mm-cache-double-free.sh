# An object of a cache is freed twice.
# modules: mm_misuse
insmod /mm_misuse.ko what=cache_double_free; echo "$?"
