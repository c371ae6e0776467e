// SPDX-License-Identifier: GPL-2.0
/* Reads its own struct module: what Linux has filled in by the time init runs. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/preempt.h>

static int number = 1;
module_param(number, int, 0644);
static int unused;
module_param(unused, int, 0);

int self_exported(void);
int self_exported(void) { return 1; }
EXPORT_SYMBOL(self_exported);

static void show(const char *when)
{
	struct module *self = THIS_MODULE;

	pr_info("%s: state %d, num_kp %u, num_syms %u, num_gpl_syms %u, taints %#lx\n", when, self->state,
		self->num_kp, self->num_syms, self->num_gpl_syms, self->taints);
	pr_info("%s: args '%s', sig_ok %d, async_probe %d\n", when, self->args, self->sig_ok,
		self->async_probe_requested);
	pr_info("%s: code of %s is within the module: %d\n", when, self->name, within_module((unsigned long)show, self));
	pr_info("%s: comm '%s', in_interrupt %d, preempt_count %d, irqs_disabled %d\n", when, current->comm,
		!!in_interrupt(), preempt_count(), irqs_disabled());
}

static int __init first_module_init(void)
{
	show("init");
	pr_info("init function is in the init area: %d\n", within_module_init((unsigned long)first_module_init, THIS_MODULE));
	return 0;
}

static void __exit first_module_exit(void)
{
	show("exit");
}

module_init(first_module_init);
module_exit(first_module_exit);
MODULE_LICENSE("GPL");
