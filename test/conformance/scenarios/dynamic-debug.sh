# pr_debug, silent and turned on by the parameter dyndbg.
# modules: printk_debug
insmod /printk_debug.ko; echo "$?"
rmmod printk_debug
insmod /printk_debug.ko dyndbg; echo "$?"
echo 3 > /sys/module/printk_debug/parameters/again
rmmod printk_debug
insmod /printk_debug.ko dyndbg=+pmfl; echo "$?"
rmmod printk_debug
insmod /printk_debug.ko dyndbg=bogus; echo "$?"
rmmod printk_debug
