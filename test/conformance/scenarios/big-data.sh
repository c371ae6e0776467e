# Megabytes of .bss, and large .data and .rodata, to be laid out, copied and summed.
# modules: big_data
insmod /big_data.ko; echo "$?"
rmmod big_data; echo "$?"
