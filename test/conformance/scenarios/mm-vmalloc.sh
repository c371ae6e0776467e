# vmalloc: large areas, guard gaps, the pages behind them.
# modules: mm_vmalloc
insmod /mm_vmalloc.ko; echo "$?"
rmmod mm_vmalloc; echo "$?"
