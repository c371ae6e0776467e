# Work: order, flushing, cancelling, sleeping, queueing itself.
# modules: work_items
insmod /work_items.ko; echo "$?"
rmmod work_items; echo "$?"
