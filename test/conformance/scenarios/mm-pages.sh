# Pages: struct page, reference counts, and the address arithmetic that headers inline.
# modules: mm_pages
insmod /mm_pages.ko; echo "$?"
rmmod mm_pages; echo "$?"
