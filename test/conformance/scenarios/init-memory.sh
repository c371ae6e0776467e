# Init code called after it was freed.
# modules: init_memory
insmod /init_memory.ko
cat /sys/module/init_memory/initsize
sleep 1
echo 1 > /sys/module/init_memory/parameters/call; echo "$?"
rmmod init_memory; echo "$?"
