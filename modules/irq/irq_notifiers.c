// SPDX-License-Identifier: GPL-2.0
/* Those who want to know when the machine restarts, or a task dies. */
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>

static int machine_restarts(struct notifier_block *block, unsigned long event, void *data)
{
	pr_info("irq_notifiers: reboot event %lu\n", event);
	return NOTIFY_DONE;
}

static int task_died(struct notifier_block *block, unsigned long event, void *data)
{
	struct die_args *args = data;

	pr_info("irq_notifiers: die event %lu, \"%s\", error %ld, trap %d, signal %d\n", event, args->str, args->err, args->trapnr, args->signr);
	return NOTIFY_DONE;
}

static struct notifier_block on_restart = { .notifier_call = machine_restarts };
static struct notifier_block on_die = { .notifier_call = task_died };

static int __init irq_notifiers_init(void)
{
	pr_info("irq_notifiers: reboot %d\n", register_reboot_notifier(&on_restart));
	pr_info("irq_notifiers: reboot gone %d\n", unregister_reboot_notifier(&on_restart));
	pr_info("irq_notifiers: restart handler %d\n", register_restart_handler(&on_restart));
	pr_info("irq_notifiers: restart handler gone %d\n", unregister_restart_handler(&on_restart));
	pr_info("irq_notifiers: not there %d\n", unregister_reboot_notifier(&on_restart));
	pr_info("irq_notifiers: die %d\n", register_die_notifier(&on_die));
	return 0;
}

static void __exit irq_notifiers_exit(void)
{
	pr_info("irq_notifiers: die gone %d\n", unregister_die_notifier(&on_die));
}

module_init(irq_notifiers_init);
module_exit(irq_notifiers_exit);
MODULE_LICENSE("GPL");
