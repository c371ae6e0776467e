# Parameters written through sysfs while the module lives.
# modules: params
insmod /params.ko
cd /sys/module/params/parameters
echo 200 > a_byte; cat a_byte
echo 300 > a_byte; echo "$?"
echo -5 > an_int; cat an_int
echo 0x10 > an_int; cat an_int
echo " 3" > an_int; echo "$?"
echo 0xbeef > a_hexint; cat a_hexint
echo changed > a_charp; cat a_charp
echo again > a_charp; cat a_charp
echo y > a_bool; cat a_bool
echo maybe > a_bool; echo "$?"
echo 0 > an_invbool; cat an_invbool
echo N > a_bint; cat a_bint
echo 1 > an_enable_only; cat an_enable_only
echo 0 > an_enable_only; echo "$?"; cat an_enable_only
echo short > a_string; cat a_string
echo muchtoolong > a_string; echo "$?"; cat a_string
echo 7,8 > an_array; cat an_array
echo 1,2,3,4,5 > an_array; echo "$?"; cat an_array
echo 9,z > an_array; echo "$?"; cat an_array
echo p,q,r > words; cat words
echo 1 > read_only; echo "$?"
echo 1 > dangerous; cat dangerous
echo 5 > nosuch; echo "$?"
rmmod params
