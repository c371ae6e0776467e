# The conversions of vsnprintf, without the pointer extensions.
# modules: printk_formats
insmod /printk_formats.ko; echo "$?"
rmmod printk_formats; echo "$?"
