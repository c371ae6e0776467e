# Recursion that fits the stack, and one that does not. On Linux that is a panic.
# modules: recurse
insmod /recurse.ko at_init=1 depth=5; echo "$?"
rmmod recurse
insmod /recurse.ko at_init=1 depth=0; echo "$?"
