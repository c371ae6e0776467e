// SPDX-License-Identifier: GPL-2.0
/* Domains: numbers of a controller and of Linux, linear and as a tree. */
#include <linux/err.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include "traced_chip.h"

static int calls, cookie;
static struct irq_domain *fired_domain;
static unsigned int fired_hwirq;

static irqreturn_t count(int line, void *dev)
{
	calls++;
	return IRQ_HANDLED;
}

static int map(struct irq_domain *domain, unsigned int virq, irq_hw_number_t hwirq)
{
	pr_info("irq_domains: map hwirq %lu\n", hwirq);
	if (hwirq == 7)
		return -EPERM;
	irq_set_chip_and_handler(virq, &traced_chip, handle_level_irq);
	irq_set_chip_data(virq, domain->host_data);
	return 0;
}

static void unmap(struct irq_domain *domain, unsigned int virq)
{
	pr_info("irq_domains: unmap hwirq %lu\n", irq_get_irq_data(virq)->hwirq);
}

static const struct irq_domain_ops ops = { .map = map, .unmap = unmap, .xlate = irq_domain_xlate_onecell };

static void raise_in_domain(struct irq_work *work)
{
	pr_info("irq_domains: generic_handle_domain_irq %d\n", generic_handle_domain_irq(fired_domain, fired_hwirq));
}
static DEFINE_IRQ_WORK(raise_work, raise_in_domain);

static void raise(struct irq_domain *domain, unsigned int hwirq)
{
	fired_domain = domain;
	fired_hwirq = hwirq;
	irq_work_queue(&raise_work);
	irq_work_sync(&raise_work);
}

static void use(struct irq_domain *domain, irq_hw_number_t hwirq)
{
	unsigned int virq, again;

	pr_info("irq_domains: no mapping yet %u\n", irq_find_mapping(domain, hwirq));
	virq = irq_create_mapping(domain, hwirq);
	again = irq_create_mapping(domain, hwirq);
	pr_info("irq_domains: mapped %d, the same again %d, found %d\n", virq > 0, virq == again, irq_find_mapping(domain, hwirq) == virq);
	if (!virq)
		return;
	pr_info("irq_domains: hwirq %lu, domain %d, chip data %d, mapcount %u\n", irq_get_irq_data(virq)->hwirq, irq_get_irq_data(virq)->domain == domain,
		irq_get_chip_data(virq) == &cookie, domain->mapcount);
	pr_info("irq_domains: request %d\n", request_irq(virq, count, 0, "mapped", &cookie));
	raise(domain, hwirq);
	raise(domain, hwirq + 1);
	pr_info("irq_domains: calls %d, chip \"%s\"\n", calls, chip_calls());
	free_irq(virq, &cookie);
	irq_dispose_mapping(virq);
	pr_info("irq_domains: disposed %d, mapcount %u\n", irq_find_mapping(domain, hwirq) == 0 && !irq_get_irq_data(virq), domain->mapcount);
	chip_calls();
}

static int __init irq_domains_init(void)
{
	struct fwnode_handle *node = irq_domain_alloc_named_fwnode("lines");
	struct irq_domain *linear, *tree, *simple;

	linear = irq_domain_create_linear(node, 8, &ops, &cookie);
	pr_info("irq_domains: linear \"%s\", size %u, host data %d\n", linear->name, linear->revmap_size, linear->host_data == &cookie);
	use(linear, 3);
	use(linear, 7);
	pr_info("irq_domains: beyond the end %u\n", irq_create_mapping(linear, 8));
	irq_domain_remove(linear);
	tree = irq_domain_create_tree(node, &ops, &cookie);
	pr_info("irq_domains: tree \"%s\", size %u\n", tree->name, tree->revmap_size);
	use(tree, 123456);
	irq_domain_remove(tree);
	irq_domain_free_fwnode(node);
	simple = irq_domain_create_simple(NULL, 4, 0, &ops, &cookie);
	pr_info("irq_domains: simple %d\n", !!simple);
	use(simple, 2);
	irq_domain_remove(simple);
	return 0;
}

static void __exit irq_domains_exit(void)
{
}

module_init(irq_domains_init);
module_exit(irq_domains_exit);
MODULE_LICENSE("GPL");
