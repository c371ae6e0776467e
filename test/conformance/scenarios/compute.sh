# Exports the functions of kernels.h; benchmarks and tests call them by name.
# modules: compute
insmod /compute.ko; echo "$?"
rmmod compute; echo "$?"
