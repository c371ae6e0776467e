// SPDX-License-Identifier: GPL-2.0
/* Affinity as data, chained and nested lines, the dummy chip, translating cells, calling a function on a CPU. */
#include <linux/cpumask.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/smp.h>
#include "traced_chip.h"

static int irq, inner, calls, cookie;

static irqreturn_t count(int line, void *dev)
{
	calls++;
	return IRQ_HANDLED;
}

static int set_affinity(struct irq_data *data, const struct cpumask *mask, bool force)
{
	pr_info("irq_affinity: chip asked, weight %u, force %d\n", cpumask_weight(mask), force);
	return IRQ_SET_MASK_OK;
}

static void chained(struct irq_desc *desc)
{
	pr_info("irq_affinity: chained, handler data %d\n", irq_desc_get_handler_data(desc) == &cookie);
	generic_handle_irq(inner);
}

static int on_cpu(void *data)
{
	pr_info("irq_affinity: called on a cpu, irqs off %d\n", irqs_disabled());
	return 17;
}

static int __init irq_affinity_init(void)
{
	static struct irq_chip chip;
	static const u32 cells[2] = { 5, IRQ_TYPE_LEVEL_HIGH };
	unsigned long hwirq = 0;
	unsigned int type = 0;

	irq = irq_alloc_descs(-1, 0, 2, 0);
	inner = irq + 1;
	irq_set_chip_and_handler(irq, &traced_chip, handle_untracked_irq);
	pr_info("irq_affinity: without a function %d\n", irq_set_affinity(irq, cpumask_of(0)));
	chip = traced_chip;
	chip.irq_set_affinity = set_affinity;
	pr_info("irq_affinity: set chip %d\n", irq_set_chip(irq, &chip));
	pr_info("irq_affinity: request %d\n", request_irq(irq, count, 0, "affinity", &cookie));
	pr_info("irq_affinity: force %d\n", irq_force_affinity(irq, cpumask_of(0)));
	pr_info("irq_affinity: hint %d\n", irq_set_affinity_hint(irq, NULL));
	pr_info("irq_affinity: no such line %d %d\n", irq_set_affinity(100000, cpumask_of(0)), irq_set_affinity_hint(100000, NULL));
	pr_info("irq_affinity: balancing off %d\n", irq_balancing_disabled(irq));
	pr_info("irq_affinity: safely %d, calls %d\n", generic_handle_irq_safe(irq), calls);
	pr_info("irq_affinity: synchronize_hardirq %d, no_action %d\n", synchronize_hardirq(irq), no_action(irq, NULL));
	free_irq(irq, &cookie);

	irq_set_chip_and_handler(inner, &dummy_irq_chip, handle_bad_irq);
	irq_set_handler(inner, handle_simple_irq);
	pr_info("irq_affinity: dummy \"%s\", request %d\n", dummy_irq_chip.name, request_irq(inner, count, 0, "inner", &cookie));
	irq_set_chip(irq, &traced_chip);
	chip_calls();
	irq_set_chained_handler_and_data(irq, chained, &cookie);
	pr_info("irq_affinity: chained request %d, chip \"%s\"\n", request_irq(irq, count, 0, "no", &cookie), chip_calls());
	fire(irq, 1);
	pr_info("irq_affinity: calls %d\n", calls);
	free_irq(inner, &cookie);
	irq_set_chained_handler_and_data(irq, NULL, NULL);
	irq_free_descs(irq, 2);

	pr_info("irq_affinity: two cells %d\n", irq_domain_xlate_twocell(NULL, NULL, cells, 2, &hwirq, &type));
	pr_info("irq_affinity: hwirq %lu type %u\n", hwirq, type);
	pr_info("irq_affinity: one of two %d\n", irq_domain_xlate_onetwocell(NULL, NULL, cells, 1, &hwirq, &type));
	pr_info("irq_affinity: type %u, simple ops %d\n", type, irq_domain_simple_ops.xlate == irq_domain_xlate_onetwocell);
	pr_info("irq_affinity: smp_call_on_cpu %d\n", smp_call_on_cpu(0, on_cpu, NULL, false));
	pr_info("irq_affinity: no such cpu %d\n", smp_call_on_cpu(99, on_cpu, NULL, false));
	return 0;
}

static void __exit irq_affinity_exit(void)
{
}

module_init(irq_affinity_init);
module_exit(irq_affinity_exit);
MODULE_LICENSE("GPL");
