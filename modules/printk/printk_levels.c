// SPDX-License-Identifier: GPL-2.0
/* Levels, continuation, records of several lines, long records, once, hex dumps. */
#include <linux/module.h>

static void levels(void)
{
	printk("no level\n");
	printk(KERN_EMERG "emerg\n");
	printk(KERN_ALERT "alert\n");
	printk(KERN_CRIT "crit\n");
	printk(KERN_ERR "err\n");
	printk(KERN_WARNING "warning\n");
	printk(KERN_NOTICE "notice\n");
	printk(KERN_INFO "info\n");
	printk(KERN_DEBUG "debug\n");
	printk(KERN_DEFAULT "default\n");
	printk(KERN_INFO KERN_ERR "two prefixes\n");
	printk("%s", KERN_ERR "prefix in an argument\n");
	printk("text " KERN_ERR "prefix in the middle\n");
}

static void lines(void)
{
	printk(KERN_INFO "first line\nsecond line\n");
	printk(KERN_INFO "two newlines at the end\n\n");
	printk(KERN_INFO "");
	printk(KERN_INFO "\n");
	printk(KERN_INFO "no newline");
	printk(KERN_INFO "begins a new record\n");
	printk(KERN_INFO "continued: ");
	printk(KERN_CONT "one ");
	pr_cont("two ");
	pr_cont("three\n");
	pr_cont("nothing to continue\n");
	printk(KERN_INFO "interrupted: ");
	printk(KERN_WARNING "by another\n");
	pr_cont("continues that one?\n");
	printk(KERN_INFO "tab\there, bell\ahere, escape\x1bhere, high \xc3\xa4\n");
	printk(KERN_INFO "percent %% and %c%c\n", 'o', 'k');
}

static void long_line(void)
{
	static char text[1201];
	int i;

	for (i = 0; i < 1200; i++)
		text[i] = 'a' + i % 26;
	printk(KERN_INFO "%s\n", text);
	i = printk(KERN_INFO "twelve bytes\n");
	pr_info("printk returned %d\n", i);
}

static void once(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		pr_info_once("once %d\n", i);
		pr_warn_once("warned once %d\n", i);
		printk_once(KERN_NOTICE "noticed once %d\n", i);
	}
	for (i = 0; i < 12; i++)
		pr_info_ratelimited("limited %d\n", i);
}

static void dumps(void)
{
	u8 bytes[37];
	int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 7 + 30;
	print_hex_dump(KERN_INFO, "offset: ", DUMP_PREFIX_OFFSET, 16, 1, bytes, sizeof(bytes), true);
	print_hex_dump(KERN_INFO, "none: ", DUMP_PREFIX_NONE, 32, 2, bytes, sizeof(bytes), false);
	print_hex_dump(KERN_INFO, "", DUMP_PREFIX_OFFSET, 16, 4, bytes, 36, true);
	print_hex_dump(KERN_INFO, "", DUMP_PREFIX_NONE, 16, 8, bytes, 32, true);
	print_hex_dump(KERN_INFO, "odd: ", DUMP_PREFIX_OFFSET, 7, 3, bytes, 9, true);
	print_hex_dump_bytes("bytes: ", DUMP_PREFIX_NONE, bytes, 16);
}

static int __init printk_levels_init(void)
{
	levels();
	lines();
	long_line();
	once();
	dumps();
	return 0;
}
static void __exit printk_levels_exit(void) { }
module_init(printk_levels_init);
module_exit(printk_levels_exit);
MODULE_LICENSE("GPL");
