// SPDX-License-Identifier: GPL-2.0
/* Weak references: to a symbol that exporter.ko may provide, and to one that nobody does; a weak definition of its own. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

int __weak exporter_add(int a, int b);
int __weak kobox_missing_weak(void);
extern int kobox_missing_weak_variable __weak;

int __weak weak_default(void);
int __weak weak_default(void)
{
	return 5;
}

static int __init weak_init(void)
{
	if (exporter_add)
		pr_info("exporter_add(2, 3) is %d\n", exporter_add(2, 3));
	else
		pr_info("exporter_add is absent\n");
	pr_info("kobox_missing_weak is %s\n", kobox_missing_weak ? "there" : "absent");
	pr_info("kobox_missing_weak_variable is at %px\n", &kobox_missing_weak_variable);
	pr_info("weak_default gives %d\n", weak_default());
	return 0;
}
static void __exit weak_exit(void)
{
	pr_info("exit\n");
}
module_init(weak_init);
module_exit(weak_exit);
MODULE_LICENSE("GPL");
