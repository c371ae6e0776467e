# A cache is destroyed while an object lives that fills its slab.
# modules: mm_misuse
insmod /mm_misuse.ko what=cache_leak_full; echo "$?"
