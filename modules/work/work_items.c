// SPDX-License-Identifier: GPL-2.0
/* Work: order, flushing, cancelling, work that sleeps, work that queues itself, and what a work may ask about its context. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

static char order[64];
static int nr_order, rounds, sleeping_runs;
static DECLARE_COMPLETION(gate);
static DECLARE_COMPLETION(inside);

static void note(char c)
{
	if (nr_order < sizeof(order) - 1)
		order[nr_order++] = c;
}

static void show(const char *what)
{
	order[nr_order] = 0;
	pr_info("work_items: %s: %s\n", what, order);
	nr_order = 0;
}

struct letter {
	struct work_struct work;
	char c;
};

static void on_letter(struct work_struct *work)
{
	note(container_of(work, struct letter, work)->c);
}

static void on_context(struct work_struct *work)
{
	pr_info("work_items: context: interrupt %d softirq %d task %d atomic %d irqs off %d current_work %d pending %d busy %u\n", !!in_interrupt(), !!in_softirq(), !!in_task(), !!in_atomic(),
		irqs_disabled(), current_work() == work, work_pending(work), work_busy(work));
	pr_info("work_items: task: kworker %d, worker flag %d, kthread flag %d, mm %d\n", !strncmp(current->comm, "kworker/", 8), !!(current->flags & PF_WQ_WORKER),
		!!(current->flags & PF_KTHREAD), current->mm != NULL);
}

static void on_sleep(struct work_struct *work)
{
	note('s');
	complete(&inside);
	wait_for_completion(&gate);
	note('S');
	sleeping_runs++;
}

static void on_again(struct work_struct *work)
{
	note('0' + rounds);
	if (++rounds < 6)
		schedule_work(work);
}

static void on_endless(struct work_struct *work)
{
	msleep(1);
	rounds++;
	queue_work(system_wq, work);
}

static void on_requeue(struct work_struct *work)
{
	complete(&inside);
	wait_for_completion(&gate);
	pr_info("work_items: requeue while being cancelled %d\n", schedule_work(work));
}

static DECLARE_WORK(context, on_context);
static DECLARE_WORK(sleeper, on_sleep);
static DECLARE_WORK(again, on_again);
static DECLARE_WORK(endless, on_endless);
static DECLARE_WORK(requeue, on_requeue);
static struct letter letters[5];

static void on_release(struct work_struct *work)
{
	msleep(20);
	complete(&gate);
}
static DECLARE_WORK(release, on_release);

static int __init work_items_init(void)
{
	int i;

	for (i = 0; i < 5; i++) {
		letters[i].c = 'a' + i;
		INIT_WORK(&letters[i].work, on_letter);
	}
	schedule_work(&context);
	/* Whether it is still there to wait for is up to the scheduler. */
	flush_work(&context);
	pr_info("work_items: flushed again %d\n", flush_work(&context));

	preempt_disable();
	for (i = 0; i < 5; i++)
		schedule_work(&letters[i].work);
	pr_info("work_items: queued again %d, pending %d, busy %u\n", schedule_work(&letters[2].work), work_pending(&letters[2].work), work_busy(&letters[2].work));
	preempt_enable();
	flush_work(&letters[4].work);
	show("in order");

	preempt_disable();
	for (i = 0; i < 5; i++)
		schedule_work(&letters[i].work);
	pr_info("work_items: cancel %d", cancel_work_sync(&letters[1].work));
	pr_cont(" again %d\n", cancel_work_sync(&letters[1].work));
	preempt_enable();
	flush_work(&letters[4].work);
	show("one cancelled");

	/* While one sleeps, the others go on. */
	schedule_work(&sleeper);
	wait_for_completion(&inside);
	pr_info("work_items: sleeping: pending %d busy %u\n", work_pending(&sleeper), work_busy(&sleeper));
	schedule_work(&letters[0].work);
	flush_work(&letters[0].work);
	/* Queued while it runs: runs once more, afterwards, never beside itself. */
	pr_info("work_items: queued while running %d, busy %u\n", schedule_work(&sleeper), work_busy(&sleeper));
	schedule_work(&letters[1].work);
	flush_work(&letters[1].work);
	complete(&gate);
	wait_for_completion(&inside);
	complete(&gate);
	flush_work(&sleeper);
	pr_info("work_items: sleeper ran %d times\n", sleeping_runs);
	show("around a sleeper");

	schedule_work(&again);
	while (rounds < 6)
		msleep(4);
	flush_work(&again);
	show("queues itself");

	rounds = 0;
	schedule_work(&endless);
	msleep(60);
	cancel_work_sync(&endless);
	i = rounds;
	msleep(40);
	pr_info("work_items: endless one stopped %d, ran %d, pending %d\n", i == rounds, rounds > 2, work_pending(&endless));

	schedule_work(&requeue);
	wait_for_completion(&inside);
	queue_work(system_unbound_wq, &release);
	pr_info("work_items: cancel of a running one %d", cancel_work_sync(&requeue));
	pr_cont(", busy %u\n", work_busy(&requeue));
	flush_work(&release);
	return 0;
}

static void __exit work_items_exit(void)
{
}

module_init(work_items_init);
module_exit(work_items_exit);
MODULE_LICENSE("GPL");
