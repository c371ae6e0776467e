# RCU: a list with removal, callbacks, barriers, grace periods that wait for readers.
# modules: rcu_lists
insmod /rcu_lists.ko; echo "$?"
rmmod rcu_lists; echo "$?"
