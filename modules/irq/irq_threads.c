// SPDX-License-Identifier: GPL-2.0
/* Threaded handlers: where they run, in which order, one shot, and what is refused. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "traced_chip.h"

static int irq, hard, soft, cookie, other;
static DECLARE_COMPLETION(handled);

static void contexts(const char *what)
{
	pr_info("irq_threads: %s: hardirq %d, softirq %d, task %d, irqs off %d\n", what, !!in_hardirq(), !!in_serving_softirq(), !!in_task(), irqs_disabled());
}

static irqreturn_t quick(int line, void *dev)
{
	hard++;
	contexts("primary handler");
	return IRQ_WAKE_THREAD;
}

static irqreturn_t slow(int line, void *dev)
{
	soft++;
	contexts("thread");
	/* The number of the line in its name is whatever was free. */
	pr_info("irq_threads: in a thread named irq/N%s, kthread %d, chip \"%s\"\n", strchr(current->comm + 4, '-'), !!(current->flags & PF_KTHREAD), chip_calls());
	msleep(8);
	complete(&handled);
	return IRQ_HANDLED;
}

static irqreturn_t not_mine(int line, void *dev)
{
	return IRQ_NONE;
}

static void round_trip(const char *what)
{
	chip_calls();
	reinit_completion(&handled);
	fire(irq, 1);
	wait_for_completion(&handled);
	synchronize_irq(irq);
	pr_info("irq_threads: %s: primary %d, thread %d, chip \"%s\"\n", what, hard, soft, chip_calls());
}

static int __init irq_threads_init(void)
{
	irq = irq_alloc_desc(0);
	irq_set_chip_and_handler(irq, &traced_chip, handle_level_irq);

	pr_info("irq_threads: both %d\n", request_threaded_irq(irq, quick, slow, 0, "both", &cookie));
	round_trip("both");
	pr_info("irq_threads: freed %s\n", (const char *)free_irq(irq, &cookie));

	pr_info("irq_threads: one shot %d\n", request_threaded_irq(irq, quick, slow, IRQF_ONESHOT, "oneshot", &cookie));
	round_trip("one shot");
	free_irq(irq, &cookie);

	pr_info("irq_threads: no primary, not one shot %d\n", request_threaded_irq(irq, NULL, slow, 0, "careless", &cookie));
	pr_info("irq_threads: no primary %d\n", request_threaded_irq(irq, NULL, slow, IRQF_ONESHOT | IRQF_SHARED, "thread-only", &cookie));
	round_trip("no primary");
	pr_info("irq_threads: shared, not one shot %d\n", request_threaded_irq(irq, not_mine, NULL, IRQF_SHARED, "other", &other));
	pr_info("irq_threads: shared %d\n", request_threaded_irq(irq, not_mine, NULL, IRQF_SHARED | IRQF_ONESHOT, "other", &other));
	round_trip("shared");
	free_irq(irq, &other);
	reinit_completion(&handled);
	irq_wake_thread(irq, &cookie);
	wait_for_completion(&handled);
	pr_info("irq_threads: woken by hand: primary %d, thread %d\n", hard, soft);
	free_irq(irq, &cookie);

	irq_set_chip_and_handler(irq, &traced_chip, handle_edge_irq);
	pr_info("irq_threads: any context %d\n", request_any_context_irq(irq, quick, 0, "any", &cookie));
	free_irq(irq, &cookie);
	pr_info("irq_threads: edge %d\n", request_threaded_irq(irq, quick, slow, 0, "edge", &cookie));
	round_trip("edge");
	chip_calls();
	fire(irq, 1);
	free_irq(irq, &cookie);
	pr_info("irq_threads: freed while its thread ran: primary %d, thread %d\n", hard, soft);
	irq_free_desc(irq);
	return 0;
}

static void __exit irq_threads_exit(void)
{
}

module_init(irq_threads_init);
module_exit(irq_threads_exit);
MODULE_LICENSE("GPL");
