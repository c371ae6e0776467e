# Text to numbers, and integer mathematics.
# modules: lib_numbers
insmod /lib_numbers.ko; echo "$?"
rmmod lib_numbers; echo "$?"
