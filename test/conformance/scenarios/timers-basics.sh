# timer_list: return values, arming itself, deleting, shutdown, the context of callbacks.
# modules: timers_basics
insmod /timers_basics.ko; echo "$?"
rmmod timers_basics; echo "$?"
