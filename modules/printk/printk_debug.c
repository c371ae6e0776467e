// SPDX-License-Identifier: GPL-2.0
/* pr_debug is a dynamic-debug site: silent unless the parameter dyndbg, or a write to its control file, turns it on. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

static int again;

static noinline void chatter(const char *when)
{
	pr_debug("debugging %s\n", when);
	print_hex_dump_debug("dump: ", DUMP_PREFIX_NONE, 16, 1, when, 4, true);
}

static int set_again(const char *val, const struct kernel_param *kp)
{
	chatter("on request");
	return param_set_int(val, kp);
}
static const struct kernel_param_ops again_ops = { .set = set_again, .get = param_get_int };
module_param_cb(again, &again_ops, &again, 0644);

static int __init printk_debug_init(void)
{
	pr_info("init\n");
	chatter("init");
	pr_devel("never compiled\n");
	return 0;
}
static void __exit printk_debug_exit(void)
{
	chatter("exit");
}
module_init(printk_debug_init);
module_exit(printk_debug_exit);
MODULE_LICENSE("GPL");
