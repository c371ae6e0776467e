# Levels, continuation, records of several lines, long records, once, hex dumps.
# modules: printk_levels
insmod /printk_levels.ko; echo "$?"
rmmod printk_levels; echo "$?"
