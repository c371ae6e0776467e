// SPDX-License-Identifier: GPL-2.0
/* Watches other modules come and go; refuses the one named by `veto`. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>

static char *veto = "";
module_param(veto, charp, 0644);

static const char *state_name(unsigned long state)
{
	switch (state) {
	case MODULE_STATE_LIVE: return "LIVE";
	case MODULE_STATE_COMING: return "COMING";
	case MODULE_STATE_GOING: return "GOING";
	default: return "?";
	}
}

static int watch(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	pr_info("%s is %s, refcnt %d, state %d\n", mod->name, state_name(state), module_refcount(mod), mod->state);
	if (state == MODULE_STATE_COMING && !strcmp(mod->name, veto))
		return notifier_from_errno(-EPERM);
	return NOTIFY_OK;
}

static int watch_first(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	pr_info("(high priority) %s is %s\n", mod->name, state_name(state));
	return NOTIFY_DONE;
}

static struct notifier_block block = { .notifier_call = watch };
static struct notifier_block first = { .notifier_call = watch_first, .priority = 100 };

static int __init notifier_init(void)
{
	int ret = register_module_notifier(&block);

	return ret ?: register_module_notifier(&first);
}

static void __exit notifier_exit(void)
{
	unregister_module_notifier(&first);
	pr_info("unregistering twice gives %d\n", unregister_module_notifier(&first));
	unregister_module_notifier(&block);
}

module_init(notifier_init);
module_exit(notifier_exit);
MODULE_LICENSE("GPL");
