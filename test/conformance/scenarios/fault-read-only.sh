# Data that is sealed after init: written in init, and afterwards.
# modules: read_only
insmod /read_only.ko at_init=1 what=sealed; echo "$?"
sh -c "echo 1 > /sys/module/read_only/parameters/trigger"; echo "$?"
