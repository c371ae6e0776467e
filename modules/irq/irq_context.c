// SPDX-License-Identifier: GPL-2.0
/* irq_work and calls of functions on CPUs: when they run and in which context. */
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

static int runs;
static struct irq_work again;
static DEFINE_SPINLOCK(lock);

static void show(const char *what)
{
	pr_info("irq_context: %s: preempt_count %x, irqs off %d\n", what, preempt_count(), irqs_disabled());
}

static void work(struct irq_work *work)
{
	runs++;
	pr_info("irq_context: busy %d, pending %d\n", irq_work_is_busy(work), irq_work_is_pending(work));
	show("irq_work");
	if (runs == 5)
		pr_info("irq_context: queued from itself %d\n", irq_work_queue(work));
}

static DEFINE_IRQ_WORK(simple, work);

static void called(void *what)
{
	show(what);
}

static bool no_cpu(int cpu, void *data)
{
	return cpu > 0;
}

static call_single_data_t csd;

static int __init irq_context_init(void)
{
	unsigned long flags;

	show("init");
	pr_info("irq_context: queued %d\n", irq_work_queue(&simple));
	pr_info("irq_context: runs %d, busy %d\n", runs, irq_work_is_busy(&simple));
	local_irq_disable();
	pr_info("irq_context: queued %d\n", irq_work_queue(&simple));
	pr_info("irq_context: queued again %d, pending %d\n", irq_work_queue(&simple), irq_work_is_pending(&simple));
	local_irq_enable();
	pr_info("irq_context: runs %d\n", runs);
	spin_lock_irqsave(&lock, flags);
	irq_work_queue(&simple);
	show("locked");
	spin_unlock_irqrestore(&lock, flags);
	pr_info("irq_context: runs %d\n", runs);
	local_bh_disable();
	show("bottom halves off");
	irq_work_queue(&simple);
	pr_info("irq_context: runs %d\n", runs);
	local_bh_enable();
	init_irq_work(&again, work);
	irq_work_queue(&again);
	irq_work_sync(&again);
	pr_info("irq_context: runs %d\n", runs);

	pr_info("irq_context: smp_call_function_single %d\n", smp_call_function_single(0, called, "single", 1));
	pr_info("irq_context: no such cpu %d\n", smp_call_function_single(99, called, "nowhere", 1));
	on_each_cpu(called, "each cpu", 1);
	on_each_cpu_cond(no_cpu, called, "no cpu", 1);
	smp_call_function(called, "the others", 1);
	smp_call_function_many(cpu_online_mask, called, "many others", 1);
	pr_info("irq_context: smp_call_function_any %d\n", smp_call_function_any(cpu_online_mask, called, "any", 1));
	INIT_CSD(&csd, called, "async");
	pr_info("irq_context: smp_call_function_single_async %d\n", smp_call_function_single_async(0, &csd));
	show("end");
	return 0;
}

static void __exit irq_context_exit(void)
{
}

module_init(irq_context_init);
module_exit(irq_context_exit);
MODULE_LICENSE("GPL");
