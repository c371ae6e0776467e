// SPDX-License-Identifier: GPL-2.0
/* Lines of a chip of our own: requesting, sharing, refusing, disabling to a depth, types, wake, what the chip is told meanwhile. */
#include <linux/module.h>
#include "traced_chip.h"

static int irq, counts[3];

static irqreturn_t count(int line, void *dev)
{
	counts[*(int *)dev]++;
	if (line != irq)
		pr_info("irq_lines: wrong line\n");
	return IRQ_HANDLED;
}

static int names[3] = { 0, 1, 2 };

static void show(const char *what)
{
	struct irq_data *data = irq_get_irq_data(irq);

	pr_info("irq_lines: %s: calls %d %d %d, chip \"%s\", disabled %d masked %d started %d activated %d type %u\n", what, counts[0], counts[1], counts[2], chip_calls(),
		irqd_irq_disabled(data), irqd_irq_masked(data), irqd_is_started(data), irqd_is_activated(data), irqd_get_trigger_type(data));
}

static void disable_and_enable(void)
{
	disable_irq(irq);
	show("disabled");
	disable_irq_nosync(irq);
	fire(irq, 1);
	show("fired while disabled");
	enable_irq(irq);
	show("enabled once");
	enable_irq(irq);
	show("enabled twice");
	fire(irq, 1);
	show("fired after");
	local_irq_disable();
	local_irq_enable();
	pr_info("irq_lines: disable_hardirq %d\n", disable_hardirq(irq));
	enable_irq(irq);
}

static void try_flow(irq_flow_handler_t flow, const char *name)
{
	irq_set_chip_and_handler_name(irq, &traced_chip, flow, name);
	counts[0] = counts[1] = counts[2] = 0;
	show(name);
	fire(irq, 1);
	show("fired without action");
	pr_info("irq_lines: request %d\n", request_irq(irq, count, 0, "first", &names[0]));
	show("requested");
	pr_info("irq_lines: has action %d\n", irq_has_action(irq));
	fire(irq, 3);
	show("fired three times");
	disable_and_enable();
	synchronize_irq(irq);
	pr_info("irq_lines: second without sharing %d\n", request_irq(irq, count, 0, "second", &names[1]));
	pr_info("irq_lines: freed %s\n", (const char *)free_irq(irq, &names[0]));
	show("freed");
	pr_info("irq_lines: has action %d\n", irq_has_action(irq));
}

static void share(void)
{
	counts[0] = counts[1] = counts[2] = 0;
	pr_info("irq_lines: shared without cookie %d\n", request_irq(irq, count, IRQF_SHARED, "nobody", NULL));
	pr_info("irq_lines: first %d\n", request_irq(irq, count, IRQF_SHARED | IRQF_TRIGGER_HIGH, "first", &names[0]));
	show("first");
	pr_info("irq_lines: second %d\n", request_irq(irq, count, IRQF_SHARED | IRQF_TRIGGER_HIGH, "second", &names[1]));
	pr_info("irq_lines: other trigger %d\n", request_irq(irq, count, IRQF_SHARED | IRQF_TRIGGER_LOW, "third", &names[2]));
	pr_info("irq_lines: not shared %d\n", request_irq(irq, count, IRQF_TRIGGER_HIGH, "third", &names[2]));
	pr_info("irq_lines: probing %d\n", request_irq(irq, count, IRQF_PROBE_SHARED | IRQF_TRIGGER_HIGH, "third", &names[2]));
	fire(irq, 2);
	show("shared, fired twice");
	pr_info("irq_lines: freed %s\n", (const char *)free_irq(irq, &names[0]));
	fire(irq, 1);
	show("one left");
	pr_info("irq_lines: freed %s\n", (const char *)free_irq(irq, &names[1]));
	show("none left");
}

static void types(void)
{
	pr_info("irq_lines: set type %d\n", irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING));
	show("rising");
	pr_info("irq_lines: request falling %d\n", request_irq(irq, count, IRQF_TRIGGER_FALLING, "falling", &names[0]));
	show("falling");
	pr_info("irq_lines: wake on %d\n", irq_set_irq_wake(irq, 1));
	pr_info("irq_lines: wake on %d\n", irq_set_irq_wake(irq, 1));
	pr_info("irq_lines: wake set %d\n", irqd_is_wakeup_set(irq_get_irq_data(irq)));
	pr_info("irq_lines: wake off %d\n", irq_set_irq_wake(irq, 0));
	pr_info("irq_lines: wake off %d\n", irq_set_irq_wake(irq, 0));
	show("wake");
	free_irq(irq, &names[0]);
	chip_calls();
	pr_info("irq_lines: request not enabled %d\n", request_irq(irq, count, IRQF_NO_AUTOEN, "later", &names[0]));
	show("not enabled");
	enable_irq(irq);
	show("enabled");
	free_irq(irq, &names[0]);
	chip_calls();
}

static int __init irq_lines_init(void)
{
	pr_info("irq_lines: no such irq %d\n", request_irq(100000, count, 0, "nowhere", &names[0]));
	pr_info("irq_lines: not connected %d\n", request_irq(IRQ_NOTCONNECTED, count, 0, "nowhere", &names[0]));
	irq = irq_alloc_descs(-1, 0, 2, 0);
	pr_info("irq_lines: allocated %d\n", irq > 0);
	pr_info("irq_lines: data %d, next %d, hwirq %lu\n", irq_get_irq_data(irq)->irq == irq, irq_get_irq_data(irq + 1)->irq == irq + 1, irq_get_irq_data(irq)->hwirq);
	pr_info("irq_lines: taken again %d\n", irq_alloc_descs(irq, irq, 1, 0));
	pr_info("irq_lines: without a chip %d\n", request_irq(irq, count, 0, "early", &names[0]));
	pr_info("irq_lines: no handler %d\n", request_irq(irq, NULL, 0, "none", &names[0]));
	pr_info("irq_lines: chip data %d %d\n", irq_set_chip_data(irq, &counts), irq_get_chip_data(irq) == &counts);
	pr_info("irq_lines: handler data %d %d\n", irq_set_handler_data(irq, &names), irq_get_handler_data(irq) == &names);
	try_flow(handle_simple_irq, "simple");
	try_flow(handle_level_irq, "level");
	try_flow(handle_edge_irq, "edge");
	try_flow(handle_fasteoi_irq, "fasteoi");
	irq_set_chip_and_handler(irq, &traced_chip, handle_level_irq);
	share();
	types();
	irq_modify_status(irq, 0, IRQ_NOREQUEST);
	pr_info("irq_lines: not for request %d\n", request_irq(irq, count, 0, "refused", &names[0]));
	irq_modify_status(irq, IRQ_NOREQUEST, 0);
	irq_free_descs(irq, 2);
	pr_info("irq_lines: gone %d, generic_handle_irq %d\n", irq_get_irq_data(irq) == NULL, generic_handle_irq(irq));
	return 0;
}

static void __exit irq_lines_exit(void)
{
}

module_init(irq_lines_init);
module_exit(irq_lines_exit);
MODULE_LICENSE("GPL");
