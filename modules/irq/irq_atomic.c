// SPDX-License-Identifier: GPL-2.0
/* Sleeping where it is not allowed. */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);

static noinline void sleep_locked(void)
{
	spin_lock(&lock);
	msleep(8);
	pr_info("irq_atomic: preempt_count in the section %x\n", preempt_count());
	spin_unlock(&lock);
	pr_info("irq_atomic: preempt_count behind it %x\n", preempt_count());
}

static int __init irq_atomic_init(void)
{
	local_irq_disable();
	msleep(8);
	pr_info("irq_atomic: interrupts off after sleeping %d\n", irqs_disabled());
	local_irq_enable();
	sleep_locked();
	preempt_count_set(0);
	return 0;
}

static void __exit irq_atomic_exit(void)
{
}

module_init(irq_atomic_init);
module_exit(irq_atomic_exit);
MODULE_LICENSE("GPL");
