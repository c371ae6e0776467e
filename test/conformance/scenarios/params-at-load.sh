# Every type set at load, with quotes, hexadecimal, octal, dashes and repeated names.
# modules: params
insmod /params.ko a_byte=255 a_short=-32768 a_ushort=0xffff an_int=010 a_uint=+7 a_long=-9223372036854775808 a_ulong=18446744073709551615 a_ullong=0x8000000000000000 a_hexint=1234 a_charp=text a_bool an_invbool=n a_bint=yes an_enable_only=1 a_string=abc an_array=1,2,3 words=x,,z hidden=4 read_only=5 renamed=6; echo "$?"
rmmod params
insmod /params.ko 'a_charp="with spaces"' 'a_string="a b"' an-int=9 an_int=10; echo "$?"
cat /sys/module/params/parameters/a_charp /sys/module/params/parameters/an_int
rmmod params
insmod /params.ko dangerous=1 -- an_int=3; echo "$?"
rmmod params
insmod /params.ko a_bool=on a_bint an_invbool=Y; echo "$?"
rmmod params
cat /proc/sys/kernel/tainted
