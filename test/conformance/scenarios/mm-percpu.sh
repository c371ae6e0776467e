# Per-CPU variables, static and allocated, of this module; and those of the kernel that headers read inline.
# modules: mm_percpu
insmod /mm_percpu.ko; echo "$?"
rmmod mm_percpu; echo "$?"
