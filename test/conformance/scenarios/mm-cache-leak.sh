# A cache is destroyed while an object lives.
# modules: mm_misuse
insmod /mm_misuse.ko what=cache_leak; echo "$?"
