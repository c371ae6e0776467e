// SPDX-License-Identifier: GPL-2.0
/* Needs three symbols that nobody exports: all of them are named when the load is refused. */
#include <linux/module.h>

int kobox_missing_first(void);
int kobox_missing_second(int value);
extern int kobox_missing_variable;

static int __init missing_init(void)
{
	return kobox_missing_first() + kobox_missing_second(kobox_missing_variable);
}
static void __exit missing_exit(void) { }
module_init(missing_init);
module_exit(missing_exit);
MODULE_LICENSE("GPL");
