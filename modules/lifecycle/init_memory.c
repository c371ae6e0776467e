// SPDX-License-Identifier: GPL-2.0
/* Keeps pointers to its init code and data, and uses them after Linux has freed both: `echo 1 > parameters/call`. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

static int greetings __initdata = 3;
static int (*stale)(void);

static noinline int __init greet(void)
{
	pr_info("greeting %d from init code\n", greetings);
	return greetings--;
}

static int set_call(const char *val, const struct kernel_param *kp)
{
	pr_info("calling init code after init\n");
	pr_info("it returned %d\n", stale());
	return 0;
}

static const struct kernel_param_ops call_ops = { .set = set_call };
module_param_cb(call, &call_ops, NULL, 0200);

static int __init init_memory_init(void)
{
	stale = greet;
	greet();
	return 0;
}

static void __exit init_memory_exit(void) { }

module_init(init_memory_init);
module_exit(init_memory_exit);
MODULE_LICENSE("GPL");
