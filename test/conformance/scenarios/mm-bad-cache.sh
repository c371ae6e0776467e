# A cache whose region for user copies lies outside of the object.
# modules: mm_misuse
insmod /mm_misuse.ko what=bad_cache; echo "$?"
