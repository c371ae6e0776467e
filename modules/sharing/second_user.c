// SPDX-License-Identifier: GPL-2.0
/* A second user of exporter.ko, with neither init nor exit. */
#include <linux/module.h>
#include "exporter.h"

int second_user_add_one(int a);
int second_user_add_one(int a)
{
	return exporter_add(a, 1);
}
EXPORT_SYMBOL_GPL(second_user_add_one);
MODULE_LICENSE("GPL");
