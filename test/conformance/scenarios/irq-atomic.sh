# Sleeping with interrupts off, and in a spinlock section.
# modules: irq_atomic
insmod /irq_atomic.ko; echo "$?"
rmmod irq_atomic; echo "$?"
