# SRCU: readers that sleep, callbacks, barriers, domains.
# modules: rcu_sleepable
insmod /rcu_sleepable.ko; echo "$?"
rmmod rcu_sleepable; echo "$?"
