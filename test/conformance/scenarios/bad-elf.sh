# Files that are no module of this machine.
# modules: bad_magic bad_type bad_machine bad_shentsize bad_shstrndx truncated tiny no_symtab no_this_module write_exec
insmod /bad_magic.ko; echo "$?"
insmod /bad_type.ko; echo "$?"
insmod /bad_machine.ko; echo "$?"
insmod /bad_shentsize.ko; echo "$?"
insmod /bad_shstrndx.ko; echo "$?"
insmod /truncated.ko; echo "$?"
insmod /tiny.ko; echo "$?"
insmod /no_symtab.ko; echo "$?"
insmod /no_this_module.ko; echo "$?"
insmod /write_exec.ko; echo "$?"
insmod /nosuch.ko; echo "$?"
lsmod
