# Weak references: absent ones read as NULL, present ones make a dependency.
# modules: exporter weak
insmod /weak.ko; echo "$?"
rmmod weak
insmod /exporter.ko
insmod /weak.ko; echo "$?"
lsmod
rmmod weak
rmmod exporter
