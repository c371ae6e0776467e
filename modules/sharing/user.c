// SPDX-License-Identifier: GPL-2.0
/* Uses what exporter.ko exports: calls, a callback back into this module, a shared variable. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include "exporter.h"

static int add_up(int i, void *arg)
{
	int *sum = arg;

	*sum = exporter_add(*sum, i);
	return i == 7 ? -ECANCELED : 0;
}

static int __init user_init(void)
{
	int sum = 0;
	int ret = exporter_for_each(5, add_up, &sum);

	pr_info("for_each(5) gives %d, sum %d, counter %d\n", ret, sum, exporter_counter);
	ret = exporter_for_each(20, add_up, &sum);
	pr_info("for_each(20) gives %d, sum %d, counter %d\n", ret, sum, exporter_counter);
	exporter_counter = 1000;
	return 0;
}

static void __exit user_exit(void)
{
	pr_info("last sum is %d\n", exporter_add(40, 2));
}

module_init(user_init);
module_exit(user_exit);
MODULE_DESCRIPTION("Uses the symbols of exporter");
MODULE_LICENSE("GPL");
