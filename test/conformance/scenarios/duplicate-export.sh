# A module that exports a symbol which another one exports already.
# modules: exporter duplicate duplicate_export
insmod /exporter.ko
insmod /duplicate_export.ko; echo "$?"
lsmod
rmmod exporter
insmod /duplicate.ko; echo "$?"
rmmod duplicate
