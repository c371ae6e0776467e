// SPDX-License-Identifier: GPL-2.0
/* Faults while it is being unloaded. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

static int *none;

static int __init fault_in_exit_init(void)
{
	pr_info("init\n");
	return 0;
}
static void __exit fault_in_exit_exit(void)
{
	pr_info("exit\n");
	pr_info("value %d\n", *READ_ONCE(none));
}
module_init(fault_in_exit_init);
module_exit(fault_in_exit_exit);
MODULE_LICENSE("GPL");
