// SPDX-License-Identifier: GPL-2.0
/* symbol_get: a reference taken at run time, without a dependency between the modules. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include "exporter.h"

static int (*each)(int n, int (*visit)(int i, void *arg), void *arg);

static int visit(int i, void *arg)
{
	*(int *)arg += i * i;
	return 0;
}

static int __init symbol_getter_init(void)
{
	int sum = 0;

	each = symbol_get(exporter_for_each);
	if (!each) {
		pr_info("exporter_for_each is not there\n");
		return 0;
	}
	each(4, visit, &sum);
	pr_info("exporter_for_each is there, sum of squares %d\n", sum);
	return 0;
}

static void __exit symbol_getter_exit(void)
{
	if (each)
		symbol_put(exporter_for_each);
	pr_info("done\n");
}

module_init(symbol_getter_init);
module_exit(symbol_getter_exit);
MODULE_LICENSE("GPL");
