# kfree of a variable.
# modules: mm_misuse
insmod /mm_misuse.ko what=free_static; echo "$?"
