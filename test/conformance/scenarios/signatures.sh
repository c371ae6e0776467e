# Signatures that cannot be parsed, or are of a kind that Linux does not know.
# modules: bad_signature wrong_signature_type
insmod /bad_signature.ko n=1; echo "$?"
insmod /wrong_signature_type.ko n=1; echo "$?"
cat /proc/modules
rmmod hello
