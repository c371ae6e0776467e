// SPDX-License-Identifier: GPL-2.0
/* Takes and drops references to itself: `echo get > parameters/ref`. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/string.h>

static int set_ref(const char *val, const struct kernel_param *kp)
{
	if (sysfs_streq(val, "get"))
		pr_info("try_module_get gives %d\n", try_module_get(THIS_MODULE));
	else if (sysfs_streq(val, "put"))
		module_put(THIS_MODULE);
	else
		return -EINVAL;
	pr_info("refcount is %d\n", module_refcount(THIS_MODULE));
	return 0;
}

static int get_ref(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", module_refcount(THIS_MODULE));
}

static const struct kernel_param_ops ref_ops = { .set = set_ref, .get = get_ref };
module_param_cb(ref, &ref_ops, NULL, 0644);

static int __init refs_init(void)
{
	pr_info("refcount in init is %d, module is %s\n", module_refcount(THIS_MODULE),
		module_is_live(THIS_MODULE) ? "live" : "not live");
	return 0;
}

static void __exit refs_exit(void)
{
	pr_info("refcount in exit is %d, try_module_get gives %d\n", module_refcount(THIS_MODULE),
		try_module_get(THIS_MODULE));
}

module_init(refs_init);
module_exit(refs_exit);
MODULE_LICENSE("GPL");
