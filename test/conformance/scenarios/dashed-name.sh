# A file name with a dash, a version, and the old names of the entry points.
# modules: dashed-name
insmod /dashed-name.ko; echo "$?"
lsmod
cat /sys/module/dashed_name/version
rmmod dashed-name; echo "$?"
insmod /dashed-name.ko
rmmod dashed_name; echo "$?"
