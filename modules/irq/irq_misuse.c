// SPDX-License-Identifier: GPL-2.0
/* What Linux says to those who get the counting wrong: enabling too often, freeing what is not theirs, handlers that misbehave. */
#include <linux/module.h>
#include "traced_chip.h"

static int irq, cookie, other, mode;

static irqreturn_t handler(int line, void *dev)
{
	switch (mode) {
	case 1:
		local_irq_enable();
		return IRQ_HANDLED;
	case 2:
		return IRQ_WAKE_THREAD;
	case 3:
		return 77;
	}
	return IRQ_HANDLED;
}

static int __init irq_misuse_init(void)
{
	irq = irq_alloc_desc(0);
	irq_set_chip_and_handler(irq, &traced_chip, handle_simple_irq);
	pr_info("irq_misuse: request %d\n", request_irq(irq, handler, 0, "misuse", &cookie));
	enable_irq(irq);
	pr_info("irq_misuse: after enable_irq\n");
	pr_info("irq_misuse: freed %d\n", free_irq(irq, &other) != NULL);
	mode = 1;
	fire(irq, 1);
	pr_info("irq_misuse: interrupts enabled by the handler\n");
	mode = 2;
	fire(irq, 1);
	pr_info("irq_misuse: no thread to wake\n");
	mode = 3;
	fire(irq, 1);
	pr_info("irq_misuse: odd return value\n");
	mode = 0;
	pr_info("irq_misuse: wake off %d\n", irq_set_irq_wake(irq, 0));
	free_irq(irq, &cookie);
	free_irq(irq, &cookie);
	irq_free_desc(irq);
	return 0;
}

static void __exit irq_misuse_exit(void)
{
}

module_init(irq_misuse_init);
module_exit(irq_misuse_exit);
MODULE_LICENSE("GPL");
