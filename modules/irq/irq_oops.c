// SPDX-License-Identifier: GPL-2.0
/* A wild pointer in an interrupt handler. */
#include <linux/module.h>
#include "traced_chip.h"

static int irq, cookie;

static noinline irqreturn_t faulty(int line, void *dev)
{
	*(volatile int *)0x10 = 1;
	return IRQ_HANDLED;
}

static int __init irq_oops_init(void)
{
	irq = irq_alloc_desc(0);
	irq_set_chip_and_handler(irq, &traced_chip, handle_simple_irq);
	pr_info("irq_oops: request %d\n", request_irq(irq, faulty, 0, "faulty", &cookie));
	fire(irq, 1);
	return 0;
}

module_init(irq_oops_init);
MODULE_LICENSE("GPL");
