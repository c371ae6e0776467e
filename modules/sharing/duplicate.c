// SPDX-License-Identifier: GPL-2.0
/*
 * Exports a symbol that exporter.ko exports too. modpost refuses that, so the name differs in one letter here, and
 * variants.json makes duplicate_export.ko of it by renaming the symbol in the object.
 */
#include <linux/module.h>

int exporter_adx(int a, int b);
int exporter_adx(int a, int b)
{
	return a - b;
}
EXPORT_SYMBOL(exporter_adx);

static int __init duplicate_init(void)
{
	pr_info("duplicate is loaded\n");
	return 0;
}
static void __exit duplicate_exit(void) { }

module_init(duplicate_init);
module_exit(duplicate_exit);
MODULE_LICENSE("GPL");
