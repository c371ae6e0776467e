# The stack protector notices an array that was overrun. On Linux that is a panic.
# modules: smash
insmod /smash.ko at_init=1; echo "$?"
rmmod smash
insmod /smash.ko at_init=1 length=40; echo "$?"
