# kmalloc and its family: sizes, alignment, zeroing, reallocation, refusals.
# modules: mm_slab
insmod /mm_slab.ko; echo "$?"
rmmod mm_slab; echo "$?"
