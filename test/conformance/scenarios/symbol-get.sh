# symbol_get takes a reference without a dependency.
# modules: exporter symbol_getter
insmod /symbol_getter.ko
rmmod symbol_getter
insmod /exporter.ko
insmod /symbol_getter.ko
lsmod
rmmod exporter; echo "$?"
rmmod symbol_getter
rmmod exporter; echo "$?"
