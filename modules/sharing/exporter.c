// SPDX-License-Identifier: GPL-2.0
/* Exports two functions and a variable to user.ko and second_user.ko. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include "exporter.h"

int exporter_counter;
EXPORT_SYMBOL(exporter_counter);

int exporter_add(int a, int b)
{
	exporter_counter++;
	return a + b;
}
EXPORT_SYMBOL(exporter_add);

int exporter_for_each(int n, int (*visit)(int i, void *arg), void *arg)
{
	int i, ret = 0;

	for (i = 0; i < n && !ret; i++)
		ret = visit(i, arg);
	return ret;
}
EXPORT_SYMBOL_GPL(exporter_for_each);

static int __init exporter_init(void)
{
	pr_info("ready\n");
	return 0;
}

static void __exit exporter_exit(void)
{
	pr_info("counter is %d\n", exporter_counter);
}

module_init(exporter_init);
module_exit(exporter_exit);
MODULE_DESCRIPTION("Exports symbols to other modules");
MODULE_LICENSE("GPL");
