# Interrupt lines of a module's own chip: request, share, refuse, disable to a depth, types, wake, in all flow handlers.
# modules: irq_lines
insmod /irq_lines.ko; echo "$?"
rmmod irq_lines; echo "$?"
