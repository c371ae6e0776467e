# An object is freed twice.
# modules: mm_misuse
insmod /mm_misuse.ko what=double_free; echo "$?"
