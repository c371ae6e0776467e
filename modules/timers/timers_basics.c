// SPDX-License-Identifier: GPL-2.0
/* timer_list: return values, pending or not, a timer that arms itself, deleting, shutting down, and what a callback may ask about its context. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/timer.h>

static struct timer_list once, periodic, never, again;
static int ticks;
static unsigned long last, steps[5];
static DECLARE_COMPLETION(done);
static int context_count, context_softirq, context_serving, context_irq, context_atomic, context_task;
static bool irqs_off;

static void context(struct timer_list *t)
{
	context_count = preempt_count() & 0xff00;
	context_softirq = !!in_softirq();
	context_serving = !!in_serving_softirq();
	context_irq = !!in_irq();
	context_atomic = !!in_atomic();
	context_task = !!in_task();
	irqs_off = irqs_disabled();
	complete(&done);
}

static void rearm(struct timer_list *t)
{
	unsigned long now = jiffies;

	if (ticks)
		steps[ticks - 1] = now - last;
	last = now;
	if (++ticks < 6)
		mod_timer(t, now + 4);
	else
		complete(&done);
}

static void must_not(struct timer_list *t)
{
	pr_info("timers_basics: this must not run\n");
}

static int delete_result, try_result, mod_result;

static void deletes_itself(struct timer_list *t)
{
	mod_result = mod_timer(t, jiffies + 1000);
	try_result = try_to_del_timer_sync(t);
	delete_result = del_timer(t);
	complete(&done);
}

static void show(const char *when)
{
	pr_info("timers_basics: %s: count %x softirq %d serving %d irq %d atomic %d task %d, interrupts %s\n", when, context_count, context_softirq, context_serving, context_irq,
		context_atomic, context_task, irqs_off ? "off" : "on");
}

static int __init timers_basics_init(void)
{
	int i;

	pr_info("timers_basics: init: interrupt %d softirq %d task %d\n", !!in_interrupt(), !!in_softirq(), !!in_task());
	local_bh_disable();
	pr_info("timers_basics: bh off: interrupt %d softirq %d serving %d task %d count %x\n", !!in_interrupt(), !!in_softirq(), !!in_serving_softirq(), !!in_task(),
		preempt_count() & 0xff00);
	local_bh_enable();

	timer_setup(&once, context, 0);
	once.expires = jiffies + 2;
	pr_info("timers_basics: pending before %d\n", timer_pending(&once));
	add_timer(&once);
	pr_info("timers_basics: pending after %d\n", timer_pending(&once));
	wait_for_completion(&done);
	pr_info("timers_basics: pending when fired %d\n", timer_pending(&once));
	show("in a timer");
	timer_setup(&once, context, TIMER_IRQSAFE);
	mod_timer(&once, jiffies + 2);
	wait_for_completion(&done);
	show("in an irqsafe timer");

	timer_setup(&periodic, rearm, 0);
	pr_info("timers_basics: first arming %d\n", mod_timer(&periodic, jiffies + 4));
	wait_for_completion(&done);
	/* Four ticks from inside a callback make five; a slow machine may take longer now and then. */
	for (i = 1; i < 5; i++)
		steps[0] = min(steps[0], steps[i]);
	pr_info("timers_basics: shortest step %lu\n", steps[0]);

	timer_setup(&never, must_not, 0);
	pr_info("timers_basics: mod_timer %d", mod_timer(&never, jiffies + 500));
	pr_cont(" again %d", mod_timer(&never, jiffies + 600));
	pr_cont(" pending %d\n", mod_timer_pending(&never, jiffies + 700));
	pr_info("timers_basics: reduce to later %d, %d\n", timer_reduce(&never, jiffies + 1000), (int)(never.expires - jiffies) > 650 && (int)(never.expires - jiffies) <= 700);
	pr_info("timers_basics: reduce to earlier %d, %d\n", timer_reduce(&never, jiffies + 300), (int)(never.expires - jiffies) <= 300);
	pr_info("timers_basics: del %d", del_timer(&never));
	pr_cont(" again %d", del_timer(&never));
	pr_cont(" sync %d", del_timer_sync(&never));
	pr_cont(" try %d\n", try_to_del_timer_sync(&never));
	pr_info("timers_basics: pending only %d, %d\n", mod_timer_pending(&never, jiffies + 5), timer_pending(&never));
	mod_timer(&never, jiffies + 3);
	pr_info("timers_basics: del_timer_sync %d\n", del_timer_sync(&never));

	timer_setup(&again, deletes_itself, 0);
	mod_timer(&again, jiffies + 1);
	wait_for_completion(&done);
	pr_info("timers_basics: inside: mod %d try %d del %d\n", mod_result, try_result, delete_result);
	pr_info("timers_basics: after: %d\n", timer_pending(&again));

	mod_timer(&never, jiffies + 3);
	pr_info("timers_basics: shutdown %d", timer_shutdown_sync(&never));
	pr_cont(" mod %d pending %d\n", mod_timer(&never, jiffies + 1), timer_pending(&never));
	msleep(50);

	/* A task that computes is interrupted. */
	timer_setup(&once, context, 0);
	context_count = 0;
	mod_timer(&once, jiffies + 2);
	while (!READ_ONCE(context_count))
		cpu_relax();
	show("while a task computes");
	/* And one whose bottom halves are off is not. */
	context_count = 0;
	local_bh_disable();
	mod_timer(&once, jiffies + 1);
	mdelay(20);
	pr_info("timers_basics: bottom halves off: fired %d\n", context_count != 0);
	local_bh_enable();
	pr_info("timers_basics: bottom halves on: fired %d\n", context_count != 0);
	return 0;
}

static void __exit timers_basics_exit(void)
{
	mod_timer(&periodic, jiffies + 1000);
	pr_info("timers_basics: exit deletes %d\n", del_timer_sync(&periodic));
}

module_init(timers_basics_init);
module_exit(timers_basics_exit);
MODULE_LICENSE("GPL");
