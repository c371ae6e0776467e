# A line of the machine's interrupt controller, and its entry in /proc/interrupts.
# modules: irq_device
insmod /irq_device.ko irq=11; echo "$?"
grep device /proc/interrupts
rmmod irq_device; echo "$?"
grep device /proc/interrupts; echo "$?"
insmod /irq_device.ko irq=300; echo "$?"
insmod /irq_device.ko irq=5 threaded=1; echo "$?"
grep device /proc/interrupts
rmmod irq_device; echo "$?"
