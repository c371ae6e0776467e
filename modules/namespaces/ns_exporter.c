// SPDX-License-Identifier: GPL-2.0
/* Exports into the symbol namespace KOBOX. */
#include <linux/module.h>

int ns_answer(void);
int ns_answer(void)
{
	return 42;
}
EXPORT_SYMBOL_NS(ns_answer, KOBOX);

int ns_answer_gpl(void);
int ns_answer_gpl(void)
{
	return 43;
}
EXPORT_SYMBOL_NS_GPL(ns_answer_gpl, KOBOX);

static int __init ns_exporter_init(void) { return 0; }
static void __exit ns_exporter_exit(void) { }
module_init(ns_exporter_init);
module_exit(ns_exporter_exit);
MODULE_LICENSE("GPL");
