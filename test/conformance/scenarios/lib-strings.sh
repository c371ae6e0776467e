# String functions of the kernel.
# modules: lib_strings
insmod /lib_strings.ko; echo "$?"
rmmod lib_strings; echo "$?"
