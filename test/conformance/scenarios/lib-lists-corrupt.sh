# What Linux says about a list that is deleted from twice.
# modules: lib_lists
insmod /lib_lists.ko corrupt=1; echo "$?"
