# Notifiers of restarts, and of tasks that die.
# modules: irq_notifiers null
insmod /irq_notifiers.ko; echo "$?"
insmod /null.ko at_init=1; echo "$?"
rmmod irq_notifiers; echo "$?"
