// SPDX-License-Identifier: GPL-2.0
/* Declares a licence that is not compatible with the GPL, and needs nothing that is GPL-only. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

static int __init proprietary_init(void)
{
	pr_info("loaded\n");
	return 0;
}

static void __exit proprietary_exit(void)
{
	pr_info("unloaded\n");
}

module_init(proprietary_init);
module_exit(proprietary_exit);
MODULE_LICENSE("Proprietary");
