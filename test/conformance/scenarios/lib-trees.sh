# Red-black trees (plain, cached, augmented), radix tree, interval tree.
# modules: lib_trees
insmod /lib_trees.ko; echo "$?"
rmmod lib_trees; echo "$?"
