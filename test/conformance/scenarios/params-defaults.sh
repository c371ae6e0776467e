# One parameter of every standard type: what sysfs shows of the defaults.
# modules: params
insmod /params.ko
cd /sys/module/params/parameters
ls
for p in a_byte a_short a_ushort an_int a_uint a_long a_ulong a_ullong a_hexint a_charp a_bool an_invbool a_bint an_enable_only a_string an_array words read_only dangerous renamed; do echo "$p: $(cat $p)"; done
cat hidden
rmmod params
