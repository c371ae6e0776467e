// SPDX-License-Identifier: GPL-2.0
/* Tasklets: their order against each other, scheduling once, disabling and enabling, killing, state bits and context. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/timer.h>

static char order[64];
static int nr_order;
static struct tasklet_struct low_a, low_b, high, old, again;
static struct timer_list timer;
static DECLARE_COMPLETION(done);

static void note(char c)
{
	if (nr_order < sizeof(order) - 1)
		order[nr_order++] = c;
}

static void on_a(struct tasklet_struct *t) { note('a'); }
static void on_b(struct tasklet_struct *t) { note('b'); }
static void on_high(struct tasklet_struct *t) { note('H'); }

static int in_softirq_, serving, in_hard, off, state;

static void on_old(unsigned long data)
{
	in_softirq_ = !!in_softirq();
	serving = !!in_serving_softirq();
	in_hard = !!in_hardirq();
	off = irqs_disabled();
	state = old.state;
	note((char)data);
	complete(&done);
}

static int rounds;

static void on_again(struct tasklet_struct *t)
{
	note('0' + rounds);
	if (++rounds < 5)
		tasklet_schedule(t);
	else
		complete(&done);
}

static void on_timer(struct timer_list *t)
{
	note('(');
	tasklet_schedule(&low_a);
	tasklet_schedule(&low_b);
	tasklet_schedule(&low_a);
	tasklet_hi_schedule(&high);
	note(')');
}

static void show(const char *what)
{
	order[nr_order] = 0;
	pr_info("work_tasklets: %s: %s\n", what, order);
	nr_order = 0;
}

static int __init work_tasklets_init(void)
{
	tasklet_setup(&low_a, on_a);
	tasklet_setup(&low_b, on_b);
	tasklet_setup(&high, on_high);
	tasklet_setup(&again, on_again);
	tasklet_init(&old, on_old, 'o');
	timer_setup(&timer, on_timer, 0);

	mod_timer(&timer, jiffies + 1);
	msleep(40);
	show("scheduled by a timer");

	local_bh_disable();
	tasklet_schedule(&low_b);
	tasklet_schedule(&low_a);
	tasklet_schedule(&low_b);
	tasklet_hi_schedule(&high);
	pr_info("work_tasklets: state when scheduled %lx\n", low_a.state);
	note('|');
	local_bh_enable();
	note('|');
	show("at local_bh_enable");
	pr_info("work_tasklets: state afterwards %lx\n", low_a.state);

	tasklet_schedule(&old);
	wait_for_completion(&done);
	pr_info("work_tasklets: softirq %d serving %d hard %d off %d state %x\n", in_softirq_, serving, in_hard, off, state);
	show("old form");

	tasklet_schedule(&again);
	wait_for_completion(&done);
	show("schedules itself");

	tasklet_disable(&low_a);
	tasklet_schedule(&low_a);
	tasklet_schedule(&low_b);
	msleep(20);
	pr_info("work_tasklets: disabled: count %d state %lx\n", atomic_read(&low_a.count), low_a.state & 1);
	note('e');
	tasklet_enable(&low_a);
	msleep(20);
	show("disabled and enabled");

	tasklet_schedule(&low_a);
	tasklet_kill(&low_a);
	note('k');
	tasklet_kill(&low_a);
	show("killed");
	return 0;
}

static void __exit work_tasklets_exit(void)
{
	tasklet_kill(&low_b);
	tasklet_kill(&high);
}

module_init(work_tasklets_init);
module_exit(work_tasklets_exit);
MODULE_LICENSE("GPL");
