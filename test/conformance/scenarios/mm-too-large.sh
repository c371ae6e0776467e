# Allocations beyond what the page allocator has.
# modules: mm_misuse
insmod /mm_misuse.ko what=too_large; echo "$?"
