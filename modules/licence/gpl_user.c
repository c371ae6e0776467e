// SPDX-License-Identifier: GPL-2.0
/* Uses a GPL-only symbol of the kernel and one of exporter.ko. variants.json makes bsd_user.ko of it: the same, licence BSD. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/ktime.h>
#include "../sharing/exporter.h"

static int visit(int i, void *arg)
{
	return 0;
}

static int __init gpl_user_init(void)
{
	pr_info("for_each gives %d, time runs: %d\n", exporter_for_each(3, visit, NULL), ktime_get_raw_ns() > 0);
	return 0;
}

static void __exit gpl_user_exit(void) { }

module_init(gpl_user_init);
module_exit(gpl_user_exit);
MODULE_LICENSE("GPL");
