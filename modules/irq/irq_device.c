// SPDX-License-Identifier: GPL-2.0
/* The driver of a device that has nothing but an interrupt line: what a test raises from outside. */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>

static int irq = 10;
module_param(irq, int, 0444);
static bool threaded;
module_param(threaded, bool, 0444);

int irq_device_count, irq_device_thread_count;
static int in_handler, cookie;

/* Called from outside. */
int irq_device_spin(int times);
int irq_device_off(int times);
int irq_device_context(void);

static irqreturn_t handler(int line, void *dev)
{
	irq_device_count++;
	in_handler = preempt_count();
	return threaded ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}

static irqreturn_t thread(int line, void *dev)
{
	msleep(4);
	irq_device_thread_count++;
	return IRQ_HANDLED;
}

/* How the work in progress went on: loops until the handler has been called. */
noinline int irq_device_spin(int times)
{
	int i, before = READ_ONCE(irq_device_count);

	for (i = 0; i < times && READ_ONCE(irq_device_count) == before; i++)
		barrier();
	return i;
}

/* Interrupts off meanwhile: the handler is called behind local_irq_enable(). */
noinline int irq_device_off(int times)
{
	int i, seen;

	local_irq_disable();
	i = irq_device_spin(times);
	seen = i == times;
	local_irq_enable();
	return seen;
}

noinline int irq_device_context(void)
{
	return in_handler;
}

static int __init irq_device_init(void)
{
	int error = threaded ? request_threaded_irq(irq, handler, thread, 0, "device", &cookie) : request_irq(irq, handler, 0, "device", &cookie);

	pr_info("irq_device: request_irq %d\n", error);
	return error;
}

static void __exit irq_device_exit(void)
{
	free_irq(irq, &cookie);
	pr_info("irq_device: %d interrupts\n", irq_device_count);
}

module_init(irq_device_init);
module_exit(irq_device_exit);
MODULE_LICENSE("GPL");
