# kfree of memory from vmalloc.
# modules: mm_misuse
insmod /mm_misuse.ko what=free_vmalloc; echo "$?"
