# odd_instruction.ko commits its fault in init.
# modules: odd_instruction
insmod /odd_instruction.ko at_init=1; echo "$?"
cat /proc/modules
cat /proc/sys/kernel/tainted
rmmod odd_instruction; echo "$?"
