# A parameter without a setter is set at load: Linux calls NULL.
# modules: params_custom
insmod /params_custom.ko no_set=1; echo "$?"
cat /proc/modules
