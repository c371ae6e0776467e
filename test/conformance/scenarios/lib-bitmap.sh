# Bitmaps: set operations, search, parsing and printing.
# modules: lib_bitmap
insmod /lib_bitmap.ko; echo "$?"
rmmod lib_bitmap; echo "$?"
