# irq_work and cross-CPU calls on one CPU: when they run, in which context.
# modules: irq_context
insmod /irq_context.ko; echo "$?"
rmmod irq_context; echo "$?"
