// SPDX-License-Identifier: GPL-2.0
/* The smallest module that does something: greets n times, says goodbye. */
#include <linux/module.h>
#include <linux/moduleparam.h>

static int n = 3;
module_param(n, int, 0644);
MODULE_PARM_DESC(n, "how often to greet");

static int __init hello_init(void)
{
	int i;

	for (i = 0; i < n; i++)
		pr_info("Hello %d from hello\n", i);
	return 0;
}

static void __exit hello_exit(void)
{
	pr_info("Goodbye\n");
}

module_init(hello_init);
module_exit(hello_exit);

MODULE_DESCRIPTION("Greets");
MODULE_AUTHOR("The kobox project");
MODULE_LICENSE("GPL");
