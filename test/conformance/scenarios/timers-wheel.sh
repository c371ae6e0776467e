# Timers of different distance: the jiffy at which each fires, and the order of those that expire together.
# modules: timers_wheel
insmod /timers_wheel.ko; echo "$?"
rmmod timers_wheel; echo "$?"
