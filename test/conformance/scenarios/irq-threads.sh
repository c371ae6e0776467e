# Threaded interrupt handlers: order, context, one shot, sharing.
# modules: irq_threads
insmod /irq_threads.ko; echo "$?"
rmmod irq_threads; echo "$?"
