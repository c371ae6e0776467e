# Linked lists: the operations that headers inline, hash lists, and what Linux says about a corrupted list.
# modules: lib_lists
insmod /lib_lists.ko; echo "$?"
rmmod lib_lists; echo "$?"
