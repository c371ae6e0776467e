// SPDX-License-Identifier: GPL-2.0
/* Delayed work: the jiffy at which it runs, changing the delay, flushing, cancelling; work after a grace period. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/workqueue.h>

static unsigned long start, ran;
static int runs;
static DECLARE_COMPLETION(done);

static void on_work(struct work_struct *work)
{
	ran = jiffies;
	runs++;
	complete(&done);
}

static DECLARE_DELAYED_WORK(dwork, on_work);
static struct rcu_work rwork;

static int __init work_delayed_init(void)
{
	start = jiffies;
	pr_info("work_delayed: queued %d", schedule_delayed_work(&dwork, 10));
	pr_cont(" again %d", schedule_delayed_work(&dwork, 1));
	pr_cont(" pending %d busy %u timer %d\n", delayed_work_pending(&dwork), work_busy(&dwork.work), timer_pending(&dwork.timer));
	wait_for_completion(&done);
	pr_info("work_delayed: not early %d, pending %d\n", time_after_eq(ran, start + 10), delayed_work_pending(&dwork));

	start = jiffies;
	schedule_delayed_work(&dwork, 1000);
	pr_info("work_delayed: mod %d", mod_delayed_work(system_wq, &dwork, 5));
	wait_for_completion(&done);
	pr_cont(", sooner %d\n", time_before(ran, start + 500));
	pr_info("work_delayed: mod of an idle one %d", mod_delayed_work(system_wq, &dwork, 2));
	wait_for_completion(&done);
	pr_cont(", ran %d\n", runs);

	schedule_delayed_work(&dwork, 1000);
	flush_delayed_work(&dwork);
	pr_info("work_delayed: flushed: ran %d, again %d\n", runs, flush_delayed_work(&dwork));
	reinit_completion(&done);

	schedule_delayed_work(&dwork, 1000);
	pr_info("work_delayed: cancel %d", cancel_delayed_work(&dwork));
	pr_cont(" again %d", cancel_delayed_work(&dwork));
	pr_cont(" sync %d pending %d\n", cancel_delayed_work_sync(&dwork), delayed_work_pending(&dwork));
	schedule_delayed_work(&dwork, 3);
	pr_info("work_delayed: cancel sync %d\n", cancel_delayed_work_sync(&dwork));
	msleep(40);
	pr_info("work_delayed: ran %d\n", runs);

	schedule_delayed_work(&dwork, 0);
	pr_info("work_delayed: no delay: timer %d\n", timer_pending(&dwork.timer));
	flush_delayed_work(&dwork);

	INIT_RCU_WORK(&rwork, on_work);
	runs = 0;
	pr_info("work_delayed: rcu work %d", queue_rcu_work(system_wq, &rwork));
	pr_cont(" again %d", queue_rcu_work(system_wq, &rwork));
	pr_cont(" flush %d", flush_rcu_work(&rwork));
	pr_cont(" ran %d flush %d\n", runs, flush_rcu_work(&rwork));
	return 0;
}

static void __exit work_delayed_exit(void)
{
	schedule_delayed_work(&dwork, 100);
	pr_info("work_delayed: exit cancels %d\n", cancel_delayed_work_sync(&dwork));
}

module_init(work_delayed_init);
module_exit(work_delayed_exit);
MODULE_LICENSE("GPL");
