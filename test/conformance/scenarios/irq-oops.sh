# A wild pointer in an interrupt handler stops the machine.
# modules: irq_oops
insmod /irq_oops.ko; echo "$?"
