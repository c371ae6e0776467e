// SPDX-License-Identifier: GPL-2.0
/* A GPL module that uses a symbol of proprietary_exporter.ko. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

int proprietary_value(void);

static int __init mixed_user_init(void)
{
	pr_info("value %d\n", proprietary_value());
	return 0;
}
static void __exit mixed_user_exit(void) { }
module_init(mixed_user_init);
module_exit(mixed_user_exit);
MODULE_LICENSE("GPL");
