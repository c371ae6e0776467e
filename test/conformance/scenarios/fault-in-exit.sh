# A fault while the module is unloaded: it stays in state Unloading.
# modules: fault_in_exit
insmod /fault_in_exit.ko; echo "$?"
rmmod fault_in_exit; echo "$?"
cat /proc/modules
rmmod fault_in_exit; echo "$?"
insmod /fault_in_exit.ko; echo "$?"
