// SPDX-License-Identifier: GPL-2.0
/* Parameters with operations of their own: what the setter sees, refuses, and when it runs. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

static int level;
static bool is_initialised;

static int set_level(const char *val, const struct kernel_param *kp)
{
	int value, ret;

	pr_info("set %s to '%s' (%s init)\n", kp->name, val ?: "(none)", is_initialised ? "after" : "before");
	if (!val) {
		*(int *)kp->arg = 100;
		return 0;
	}
	ret = kstrtoint(val, 0, &value);
	if (ret)
		return ret;
	if (value > 1000)
		return -ENOSPC;
	if (value < 0)
		return -ENOENT;
	*(int *)kp->arg = value;
	return 0;
}

static int get_level(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "level is %d\n", *(int *)kp->arg);
}

static void free_level(void *arg)
{
	pr_info("free with %d\n", *(int *)arg);
}

static const struct kernel_param_ops level_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_level,
	.get = get_level,
	.free = free_level,
};
module_param_cb(level, &level_ops, &level, 0644);

static int set_bounded(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 10, 20);
}

static unsigned int bounded = 15;
static const struct kernel_param_ops bounded_ops = { .set = set_bounded, .get = param_get_uint };
module_param_cb(bounded, &bounded_ops, &bounded, 0644);

static const struct kernel_param_ops no_get_ops = { .set = set_level };
static const struct kernel_param_ops no_set_ops = { .get = get_level };
static int write_only_level, read_only_level = 5;
module_param_cb(no_get, &no_get_ops, &write_only_level, 0644);
module_param_cb(no_set, &no_set_ops, &read_only_level, 0644);

static int __init params_custom_init(void)
{
	is_initialised = true;
	pr_info("init with level %d bounded %u\n", level, bounded);
	return 0;
}

static void __exit params_custom_exit(void)
{
	pr_info("exit with level %d bounded %u\n", level, bounded);
}

module_init(params_custom_init);
module_exit(params_custom_exit);
MODULE_LICENSE("GPL");
