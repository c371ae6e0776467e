// SPDX-License-Identifier: GPL-2.0
/* Neither init nor exit. */
#include <linux/module.h>

int bare_value = 7;
MODULE_LICENSE("GPL");
