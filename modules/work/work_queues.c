// SPDX-License-Identifier: GPL-2.0
/* Workqueues of a module: ordered, unbound, with a limit; flushing, draining and destroying them. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/workqueue.h>

static char order[80];
static int nr_order, chained;
static struct workqueue_struct *queue;
static int nr_inside, most_inside;

static void note(char c)
{
	if (nr_order < sizeof(order) - 1)
		order[nr_order++] = c;
}

static void show(const char *what)
{
	order[nr_order] = 0;
	pr_info("work_queues: %s: %s, most at once %d\n", what, order, most_inside);
	nr_order = 0;
	most_inside = 0;
}

struct letter {
	struct work_struct work;
	char c;
};
static struct letter letters[6];

static void on_letter(struct work_struct *work)
{
	char c = container_of(work, struct letter, work)->c;

	if (++nr_inside > most_inside)
		most_inside = nr_inside;
	note(c);
	msleep(10);
	note(c - 'a' + 'A');
	nr_inside--;
}

static void on_chain(struct work_struct *work)
{
	note('0' + chained);
	if (++chained < 4)
		queue_work(queue, work);
}
static DECLARE_WORK(chain, on_chain);

static void queue_all(void)
{
	int i;

	preempt_disable();
	for (i = 0; i < 6; i++)
		queue_work(queue, &letters[i].work);
	preempt_enable();
}

static int __init work_queues_init(void)
{
	int i;

	for (i = 0; i < 6; i++) {
		letters[i].c = 'a' + i;
		INIT_WORK(&letters[i].work, on_letter);
	}
	queue = alloc_ordered_workqueue("kobox_ordered", 0);
	if (!queue)
		return -ENOMEM;
	queue_all();
	flush_workqueue(queue);
	show("ordered");
	queue_all();
	pr_info("work_queues: cancel a waiting one %d\n", cancel_work_sync(&letters[4].work));
	flush_workqueue(queue);
	show("ordered, one cancelled");
	queue_work(queue, &chain);
	drain_workqueue(queue);
	show("drained");
	destroy_workqueue(queue);

	queue = alloc_workqueue("kobox_%s", WQ_UNBOUND, 3, "three");
	queue_all();
	flush_workqueue(queue);
	pr_info("work_queues: unbound with a limit: most at once %d\n", most_inside);
	nr_order = most_inside = 0;
	destroy_workqueue(queue);

	queue = alloc_workqueue("kobox_bound", 0, 0);
	queue_all();
	flush_workqueue(queue);
	pr_info("work_queues: bound: most at once %d, starts %.6s\n", most_inside, order);
	nr_order = most_inside = 0;
	queue_all();
	destroy_workqueue(queue);
	pr_info("work_queues: destroyed: %d inside, %d noted\n", nr_inside, nr_order);
	nr_order = most_inside = 0;

	queue = create_singlethread_workqueue("kobox_single");
	queue_all();
	flush_work(&letters[1].work);
	pr_info("work_queues: after the second: %.4s\n", order);
	destroy_workqueue(queue);
	show("single");

	queue = alloc_workqueue("kobox_high", WQ_HIGHPRI | WQ_MEM_RECLAIM, 1);
	queue_all();
	flush_workqueue(queue);
	show("one at a time");
	destroy_workqueue(queue);
	return 0;
}

static void __exit work_queues_exit(void)
{
}

module_init(work_queues_init);
module_exit(work_queues_exit);
MODULE_LICENSE("GPL");
