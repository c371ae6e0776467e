# hrtimers: modes and clocks, periodic with forward, cancelling, order, sleeps of high resolution.
# modules: timers_hrtimer
insmod /timers_hrtimer.ko; echo "$?"
rmmod timers_hrtimer; echo "$?"
