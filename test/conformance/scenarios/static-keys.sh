# Static keys, flipped in init and through a parameter.
# modules: static_keys
insmod /static_keys.ko; echo "$?"
echo 1 > /sys/module/static_keys/parameters/keys
echo + > /sys/module/static_keys/parameters/keys
echo + > /sys/module/static_keys/parameters/keys
echo - > /sys/module/static_keys/parameters/keys
echo 0 > /sys/module/static_keys/parameters/keys
rmmod static_keys
