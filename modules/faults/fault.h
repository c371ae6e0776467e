/* SPDX-License-Identifier: GPL-2.0 */
/* A parameter whose setter commits the fault, so that a scenario chooses between `insmod x.ko at_init=1` and a write to sysfs. */
#ifndef KOBOX_FAULT_H
#define KOBOX_FAULT_H
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

#define FAULT_MODULE(commit)								\
	static bool at_init;								\
	module_param(at_init, bool, 0);							\
	static int set_trigger(const char *val, const struct kernel_param *kp)		\
	{										\
		pr_info("before\n");							\
		commit();								\
		pr_info("after\n");							\
		return 0;								\
	}										\
	static const struct kernel_param_ops trigger_ops = { .set = set_trigger };	\
	module_param_cb(trigger, &trigger_ops, NULL, 0200);				\
	static int __init fault_init(void)						\
	{										\
		pr_info("init\n");							\
		if (at_init)								\
			commit();							\
		pr_info("init done\n");							\
		return 0;								\
	}										\
	static void __exit fault_exit(void)						\
	{										\
		pr_info("exit\n");							\
	}										\
	module_init(fault_init);							\
	module_exit(fault_exit);							\
	MODULE_LICENSE("GPL")

#endif
