// SPDX-License-Identifier: GPL-2.0
/* Has init but no exit: cannot be removed. */
#include <linux/module.h>

static int __init no_exit_init(void)
{
	pr_info("no_exit is here to stay\n");
	return 0;
}
module_init(no_exit_init);
MODULE_LICENSE("GPL");
