# A fault with a known value in every register: the report is compared word for word.
# modules: registers
# keep: registers
insmod /registers.ko at_init=1; echo "$?"
