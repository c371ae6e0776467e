# kmem_cache: constructors, alignment, bulk allocation, a cache that is destroyed while objects live.
# modules: mm_caches
insmod /mm_caches.ko; echo "$?"
rmmod mm_caches; echo "$?"
