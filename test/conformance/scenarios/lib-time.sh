# jiffies, ktime, delays, calendar: relations that hold whatever the clock says.
# modules: lib_time
insmod /lib_time.ko; echo "$?"
rmmod lib_time; echo "$?"
