// SPDX-License-Identifier: GPL-2.0
/* A file name with a dash, a version, aliases and the old fixed names of the entry points. */
#include <linux/module.h>

int init_module(void)
{
	pr_info("THIS_MODULE->name is %s, KBUILD_MODNAME is %s\n", THIS_MODULE->name, KBUILD_MODNAME);
	pr_info("version is %s\n", THIS_MODULE->version);
	return 0;
}

void cleanup_module(void)
{
	pr_info("%s leaves\n", THIS_MODULE->name);
}

MODULE_VERSION("1.2-kobox");
MODULE_ALIAS("char-major-240-7");
MODULE_ALIAS("kobox-example");
MODULE_SOFTDEP("pre: hello");
MODULE_FIRMWARE("kobox/nothing.bin");
MODULE_DESCRIPTION("Every kind of modinfo entry");
MODULE_AUTHOR("First Author");
MODULE_AUTHOR("Second Author");
MODULE_LICENSE("Dual MIT/GPL");
