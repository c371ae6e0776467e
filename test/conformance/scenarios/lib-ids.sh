# idr, ida, xarray.
# modules: lib_ids
insmod /lib_ids.ko; echo "$?"
rmmod lib_ids; echo "$?"
