// SPDX-License-Identifier: GPL-2.0
/* Callbacks as fast as they come: each function runs N of one kind and returns when they are done. */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

static long left;
static DECLARE_COMPLETION(done);

static enum hrtimer_restart on_hrtimer(struct hrtimer *t)
{
	if (--left <= 0) {
		complete(&done);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(t, ns_to_ktime(20000));
	return HRTIMER_RESTART;
}

static noinline __used long bench_hrtimer(long n)
{
	static struct hrtimer timer;

	left = n;
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = on_hrtimer;
	hrtimer_start(&timer, ns_to_ktime(20000), HRTIMER_MODE_REL);
	wait_for_completion(&done);
	return n;
}

#define NR_TIMERS 64

static void on_timer(struct timer_list *t)
{
	if (--left <= 0) {
		if (left == 0)
			complete(&done);
		return;
	}
	mod_timer(t, jiffies + 1);
}

static noinline __used long bench_timer(long n)
{
	static struct timer_list timers[NR_TIMERS];
	int i;

	left = n;
	for (i = 0; i < NR_TIMERS; i++) {
		timer_setup(&timers[i], on_timer, 0);
		mod_timer(&timers[i], jiffies + 1);
	}
	wait_for_completion(&done);
	for (i = 0; i < NR_TIMERS; i++)
		del_timer_sync(&timers[i]);
	return n;
}

static void on_work(struct work_struct *work)
{
	if (--left <= 0)
		complete(&done);
	else
		schedule_work(work);
}
static DECLARE_WORK(work, on_work);

static noinline __used long bench_work(long n)
{
	left = n;
	schedule_work(&work);
	wait_for_completion(&done);
	return n;
}

static void on_tasklet(struct tasklet_struct *t)
{
	if (--left <= 0)
		complete(&done);
	else
		tasklet_schedule(t);
}

static noinline __used long bench_tasklet(long n)
{
	static struct tasklet_struct tasklet;

	left = n;
	tasklet_setup(&tasklet, on_tasklet);
	tasklet_schedule(&tasklet);
	wait_for_completion(&done);
	return n;
}

static DECLARE_WAIT_QUEUE_HEAD(queue);
static int turn;

static int pong(void *data)
{
	while (!kthread_should_stop()) {
		wait_event(queue, turn == 1 || kthread_should_stop());
		turn = 0;
		wake_up(&queue);
	}
	return 0;
}

static noinline __used long bench_ping_pong(long n)
{
	struct task_struct *task = kthread_run(pong, NULL, "pong");
	long i;

	for (i = 0; i < n; i++) {
		turn = 1;
		wake_up(&queue);
		wait_event(queue, turn == 0);
	}
	kthread_stop(task);
	return n;
}

static int __init context_bench_init(void)
{
	return 0;
}

static void __exit context_bench_exit(void)
{
}

module_init(context_bench_init);
module_exit(context_bench_exit);
MODULE_LICENSE("GPL");
