# A GPL-only symbol exported by a module that is not GPL itself.
# modules: bsd_exporter user
insmod /bsd_exporter.ko; echo "$?"
insmod /user.ko; echo "$?"
cat /proc/modules
rmmod user
rmmod exporter
