# Data in every kind of section, with pointers between them: relocations of all sorts.
# modules: sections
insmod /sections.ko; echo "$?"
rmmod sections; echo "$?"
