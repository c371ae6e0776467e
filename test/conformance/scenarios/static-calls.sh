# Static calls: a direct call whose target is patched, NULL and return-0 variants, and those of the kernel (might_resched).
# modules: static_calls
insmod /static_calls.ko; echo "$?"
rmmod static_calls; echo "$?"
