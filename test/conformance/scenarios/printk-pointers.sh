# The %p extensions that need no file system, no device tree and no address of the running kernel.
# modules: printk_pointers
insmod /printk_pointers.ko; echo "$?"
rmmod printk_pointers; echo "$?"
