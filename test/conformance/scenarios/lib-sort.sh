# sort, list_sort, bsearch: the kernel calls back into the module.
# modules: lib_sort
insmod /lib_sort.ko; echo "$?"
rmmod lib_sort; echo "$?"
