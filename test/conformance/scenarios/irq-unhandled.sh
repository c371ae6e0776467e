# A line that nobody handles is disabled after 100000 interrupts.
# modules: irq_unhandled
insmod /irq_unhandled.ko; echo "$?"
rmmod irq_unhandled; echo "$?"
