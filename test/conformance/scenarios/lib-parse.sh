# Parsers of the kernel: option strings, globs, argument vectors, tokens; scatter lists; notifier chains.
# modules: lib_parse
insmod /lib_parse.ko; echo "$?"
rmmod lib_parse; echo "$?"
