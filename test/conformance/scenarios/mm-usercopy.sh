# A copy to user space that runs over the end of an object.
# modules: mm_misuse
insmod /mm_misuse.ko what=usercopy; echo "$?"
