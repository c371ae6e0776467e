# Alternatives: instructions chosen by CPU features when the module is loaded, and interrupt flags through pv_ops.
# modules: alternatives
insmod /alternatives.ko; echo "$?"
rmmod alternatives; echo "$?"
