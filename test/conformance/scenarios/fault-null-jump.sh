# A NULL function pointer is called in init.
# modules: null
insmod /null.ko at_init=1 how=jump; echo "$?"
