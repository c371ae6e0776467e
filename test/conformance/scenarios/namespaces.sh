# Symbol namespaces: with the import, and without it.
# modules: ns_exporter ns_user ns_user_without_import
insmod /ns_exporter.ko
insmod /ns_user.ko; echo "$?"
rmmod ns_user
insmod /ns_user_without_import.ko; echo "$?"
rmmod ns_exporter
