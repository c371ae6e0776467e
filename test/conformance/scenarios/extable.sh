# Exception tables: loads that may fault, with fixups in this module; and the kernel's own probes.
# modules: extable
insmod /extable.ko; echo "$?"
rmmod extable; echo "$?"
