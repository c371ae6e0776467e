// SPDX-License-Identifier: GPL-2.0
/* Kernel threads: a producer and a consumer over a wait queue, stopping, parking, and a thread that ends by itself. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/wait.h>

#define SLOTS 4
#define ITEMS 10

static DECLARE_WAIT_QUEUE_HEAD(not_empty);
static DECLARE_WAIT_QUEUE_HEAD(not_full);
static DECLARE_COMPLETION(drained);
static int ring[SLOTS], head, tail;

static int produce(void *data)
{
	int i;

	for (i = 1; i <= ITEMS; i++) {
		wait_event(not_full, head - tail < SLOTS);
		ring[head++ % SLOTS] = i * i;
		wake_up(&not_empty);
	}
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return i;
}

static int consume(void *data)
{
	int sum = 0, taken = 0;

	while (taken < ITEMS) {
		if (wait_event_interruptible(not_empty, head != tail))
			break;
		sum += ring[tail++ % SLOTS];
		taken++;
		wake_up(&not_full);
	}
	pr_info("sched_threads: %s took %d items, sum %d\n", current->comm, taken, sum);
	complete(&drained);
	wait_event_interruptible(not_empty, kthread_should_stop());
	return sum;
}

static int park_loop(void *data)
{
	int *rounds = data;

	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			pr_info("sched_threads: parking\n");
			kthread_parkme();
			pr_info("sched_threads: back from the park\n");
			continue;
		}
		(*rounds)++;
		msleep_interruptible(20);
	}
	return 17;
}

static int never(void *data)
{
	pr_info("sched_threads: this must not run\n");
	return 1;
}

static int __init sched_threads_init(void)
{
	struct task_struct *producer, *consumer, *parker, *unstarted;
	int rounds = 0;

	consumer = kthread_run(consume, NULL, "consumer/%d", 7);
	producer = kthread_run(produce, NULL, "producer");
	wait_for_completion(&drained);
	pr_info("sched_threads: names %s and %s, kthread flag %d\n", consumer->comm, producer->comm, !!(consumer->flags & PF_KTHREAD));
	pr_info("sched_threads: consumer returned %d\n", kthread_stop(consumer));
	pr_info("sched_threads: producer returned %d\n", kthread_stop(producer));

	unstarted = kthread_create(never, NULL, "unstarted");
	pr_info("sched_threads: stopped before it ran: %d\n", kthread_stop(unstarted));

	parker = kthread_run(park_loop, &rounds, "parker");
	msleep(30);
	pr_info("sched_threads: park %d\n", kthread_park(parker));
	kthread_unpark(parker);
	msleep(30);
	pr_info("sched_threads: parker returned %d, ran %d\n", kthread_stop(parker), rounds > 1);
	return 0;
}

static void __exit sched_threads_exit(void)
{
	pr_info("sched_threads: exit\n");
}

module_init(sched_threads_init);
module_exit(sched_threads_exit);
MODULE_LICENSE("GPL");
