# A string function that would read beyond its buffer.
# modules: mm_misuse
insmod /mm_misuse.ko what=fortify; echo "$?"
