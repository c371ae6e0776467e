# A GPL module that uses a symbol of a proprietary one inherits its taint.
# modules: proprietary_exporter mixed_user
insmod /proprietary_exporter.ko; echo "$?"
insmod /mixed_user.ko; echo "$?"
cat /proc/modules
rmmod mixed_user
rmmod proprietary_exporter
