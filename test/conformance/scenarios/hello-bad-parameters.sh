# Parameters that are refused, and one that does not exist.
# modules: hello
insmod /hello.ko n=zzz; echo "$?"
insmod /hello.ko n=99999999999; echo "$?"
insmod /hello.ko n; echo "$?"
insmod /hello.ko n=; echo "$?"
insmod /hello.ko foo=1; echo "$?"
rmmod hello
insmod /hello.ko n=1 n=2; echo "$?"
rmmod hello
insmod /hello.ko n=0x2; echo "$?"
rmmod hello
insmod /hello.ko n=-1 hello.n=4; echo "$?"
rmmod hello
