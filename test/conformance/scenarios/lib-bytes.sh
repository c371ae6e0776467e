# Checksums, hashes, hexadecimal, byte order, unaligned access, kfifo.
# modules: lib_bytes
insmod /lib_bytes.ko; echo "$?"
rmmod lib_bytes; echo "$?"
