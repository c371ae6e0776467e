// SPDX-License-Identifier: GPL-2.0
/* init returns 5: neither 0 nor an error. */
#include <linux/module.h>

static int __init init_positive_init(void) { return 5; }
static void __exit init_positive_exit(void) { pr_info("init_positive leaves\n"); }
module_init(init_positive_init);
module_exit(init_positive_exit);
MODULE_LICENSE("GPL");
