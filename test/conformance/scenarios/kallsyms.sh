# Symbols of a module as /proc/kallsyms lists them.
# modules: exporter
insmod /exporter.ko
grep '\[exporter\]' /proc/kallsyms | cut -d ' ' -f 2-3
ls /sys/module/exporter/sections
rmmod exporter
