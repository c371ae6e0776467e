# vfree of what vmalloc did not return.
# modules: mm_misuse
insmod /mm_misuse.ko what=bad_vfree; echo "$?"
