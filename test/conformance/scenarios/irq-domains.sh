# Interrupt domains: mappings, linear, tree, simple.
# modules: irq_domains
insmod /irq_domains.ko; echo "$?"
rmmod irq_domains; echo "$?"
