// SPDX-License-Identifier: GPL-2.0
/* A proprietary module that exports a symbol: whoever uses it inherits the taint. */
#include <linux/module.h>

int proprietary_value(void);
int proprietary_value(void)
{
	return 42;
}
EXPORT_SYMBOL(proprietary_value);

static int __init proprietary_exporter_init(void) { return 0; }
static void __exit proprietary_exporter_exit(void) { }
module_init(proprietary_exporter_init);
module_exit(proprietary_exporter_exit);
MODULE_LICENSE("Proprietary");
