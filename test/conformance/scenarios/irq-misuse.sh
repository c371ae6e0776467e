# Warnings about unbalanced enabling, freeing twice, handlers that misbehave.
# modules: irq_misuse
insmod /irq_misuse.ko; echo "$?"
rmmod irq_misuse; echo "$?"
