# Relocations that do not exist or do not fit.
# modules: unknown_relocation overflowing_relocation
insmod /unknown_relocation.ko; echo "$?"
insmod /overflowing_relocation.ko; echo "$?"
lsmod
