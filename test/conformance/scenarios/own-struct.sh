# What a module reads of itself in struct module, and its context.
# modules: first_module
insmod /first_module.ko number=5 unused=0x10; echo "$?"
cat /sys/module/first_module/parameters/number
cat /sys/module/first_module/parameters/unused
rmmod first_module
