// SPDX-License-Identifier: GPL-2.0
/* A line that nobody handles is shut off in the end. */
#include <linux/module.h>
#include "traced_chip.h"

static int irq, cookie, calls;

static irqreturn_t not_mine(int line, void *dev)
{
	calls++;
	return IRQ_NONE;
}

static int __init irq_unhandled_init(void)
{
	irq = irq_alloc_desc(0);
	irq_set_chip_and_handler(irq, &traced_chip, handle_simple_irq);
	pr_info("irq_unhandled: request %d\n", request_irq(irq, not_mine, IRQF_SHARED, "unhandled", &cookie));
	/* All in one interrupt: jiffies stand still, so that they add up however slow the machine is. */
	fire(irq, 100000);
	pr_info("irq_unhandled: %d calls, disabled %d\n", calls, irqd_irq_disabled(irq_get_irq_data(irq)));
	fire(irq, 1);
	pr_info("irq_unhandled: %d calls\n", calls);
	free_irq(irq, &cookie);
	irq_free_desc(irq);
	return 0;
}

static void __exit irq_unhandled_exit(void)
{
}

module_init(irq_unhandled_init);
module_exit(irq_unhandled_exit);
MODULE_LICENSE("GPL");
