# Parameters with operations of their own, missing getters and setters, and bounds.
# modules: params_custom
insmod /params_custom.ko level=5 bounded=12; echo "$?"
cd /sys/module/params_custom/parameters
ls
cat level bounded
echo 77 > level; cat level
echo 2000 > level; echo "$?"
echo -3 > level; echo "$?"
echo 25 > bounded; echo "$?"; cat bounded
cat no_get; echo "$?"
echo 1 > no_set; echo "$?"
cat no_set
rmmod params_custom
insmod /params_custom.ko level; echo "$?"
rmmod params_custom
insmod /params_custom.ko level=5000; echo "$?"
insmod /params_custom.ko level=-2; echo "$?"
insmod /params_custom.ko bounded=9; echo "$?"
