# Locked instructions through the kernel's atomic types, bit operations, reference counts and uncontended locks.
# modules: atomics
insmod /atomics.ko; echo "$?"
rmmod atomics; echo "$?"
