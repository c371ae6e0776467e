// SPDX-License-Identifier: GPL-2.0
/* Forgets to unregister its notifier: the next module that comes makes Linux call freed text. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>

static int watch(struct notifier_block *nb, unsigned long state, void *data)
{
	pr_info("%s: %lu\n", ((struct module *)data)->name, state);
	return NOTIFY_OK;
}

static int __init stale_notifier_init(void)
{
	/* Outlives the module, so that only its text is gone. */
	struct notifier_block *block = kzalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return -ENOMEM;
	block->notifier_call = watch;
	return register_module_notifier(block);
}
static void __exit stale_notifier_exit(void)
{
	pr_info("left its notifier behind\n");
}
module_init(stale_notifier_init);
module_exit(stale_notifier_exit);
MODULE_LICENSE("GPL");
