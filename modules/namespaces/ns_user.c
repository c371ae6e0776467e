// SPDX-License-Identifier: GPL-2.0
/* Imports the namespace KOBOX. variants.json makes ns_user_without_import.ko of it, whose import is gone. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>

int ns_answer(void);
int ns_answer_gpl(void);

static int __init ns_user_init(void)
{
	pr_info("answers %d %d\n", ns_answer(), ns_answer_gpl());
	return 0;
}
static void __exit ns_user_exit(void) { }
module_init(ns_user_init);
module_exit(ns_user_exit);
MODULE_IMPORT_NS(KOBOX);
MODULE_LICENSE("GPL");
