# CRCs and version magic that do not fit.
# modules: bad_crc bad_layout_crc no_crc bad_vermagic other_release other_release_no_versions
insmod /bad_crc.ko; echo "$?"
insmod /bad_layout_crc.ko; echo "$?"
insmod /no_crc.ko; echo "$?"
insmod /bad_vermagic.ko; echo "$?"
insmod /other_release_no_versions.ko; echo "$?"
cat /proc/sys/kernel/tainted
insmod /other_release.ko n=1; echo "$?"
rmmod hello
