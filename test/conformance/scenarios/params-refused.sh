# Values that each type refuses at load.
# modules: params
insmod /params.ko a_byte=256; echo "$?"
insmod /params.ko a_short=32768; echo "$?"
insmod /params.ko a_uint=-1; echo "$?"
insmod /params.ko an_int=1.5; echo "$?"
insmod /params.ko a_bool=2; echo "$?"
insmod /params.ko a_bool=; echo "$?"
insmod /params.ko an_invbool; echo "$?"
insmod /params.ko a_string=12345678; echo "$?"
insmod /params.ko an_array=1,2,3,4,5; echo "$?"
insmod /params.ko an_array=1,x,3; echo "$?"
insmod /params.ko an_array; echo "$?"
insmod /params.ko a_charp; echo "$?"
insmod /params.ko an_int=x a_byte=300 a_bool=7; echo "$?"
lsmod
