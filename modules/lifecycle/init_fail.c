// SPDX-License-Identifier: GPL-2.0
/* init returns minus the value of `code`. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

static int code = ENODEV;
module_param(code, int, 0);

static int __init init_fail_init(void)
{
	pr_info("init fails with %d (%pe)\n", -code, ERR_PTR(-code));
	return -code;
}

static void __exit init_fail_exit(void)
{
	pr_info("exit\n");
}

module_init(init_fail_init);
module_exit(init_fail_exit);
MODULE_LICENSE("GPL");
