# Affinity of lines, chained lines, the dummy chip, cells of a device tree, a function called on a CPU.
# modules: irq_affinity
insmod /irq_affinity.ko; echo "$?"
rmmod irq_affinity; echo "$?"
