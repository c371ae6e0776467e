// SPDX-License-Identifier: GPL-2.0
/* Marked as staging and as a test module, each of which taints the kernel with a message. */
#include <linux/module.h>

static int __init marked_init(void)
{
	pr_info("marked: taints %#lx\n", THIS_MODULE->taints);
	return 0;
}
static void __exit marked_exit(void) { }
module_init(marked_init);
module_exit(marked_exit);
MODULE_INFO(staging, "Y");
MODULE_INFO(test, "Y");
MODULE_LICENSE("GPL v2");
