# A division that works, then one by zero through a parameter; the second oops has number 2.
# modules: divide null
insmod /divide.ko divisor=7 at_init=1; echo "$?"
echo 0 > /sys/module/divide/parameters/divisor
sh -c "echo 1 > /sys/module/divide/parameters/trigger"; echo "$?"
insmod /null.ko at_init=1; echo "$?"
