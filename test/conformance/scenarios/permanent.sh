# A module without exit cannot be removed; one with neither init nor exit can.
# modules: no_exit bare
insmod /no_exit.ko; echo "$?"
lsmod
cat /proc/modules
rmmod no_exit; echo "$?"
insmod /bare.ko; echo "$?"
lsmod
rmmod bare; echo "$?"
