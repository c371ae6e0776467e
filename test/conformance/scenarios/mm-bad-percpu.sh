# Per-CPU memory of impossible size or alignment.
# modules: mm_misuse
insmod /mm_misuse.ko what=bad_percpu; echo "$?"
