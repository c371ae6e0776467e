// SPDX-License-Identifier: GPL-2.0
/* SRCU: readers that sleep, grace periods that wait for them only, callbacks, barriers, domains of their own. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/srcu.h>

DEFINE_STATIC_SRCU(fixed);
static struct srcu_struct dynamic;
static DECLARE_COMPLETION(inside);
static bool left, called;
static int context_softirq, context_task;
static struct rcu_head head;

static int reader(void *data)
{
	struct srcu_struct *domain = data;
	int index = srcu_read_lock(domain);

	complete(&inside);
	msleep(40);
	left = true;
	srcu_read_unlock(domain, index);
	while (!kthread_should_stop())
		msleep(4);
	return index;
}

static void callback(struct rcu_head *rcu)
{
	context_softirq = !!in_softirq();
	context_task = !(current->flags & PF_WQ_WORKER);
	called = true;
}

static int __init rcu_sleepable_init(void)
{
	struct task_struct *task;
	int index, other;

	pr_info("rcu_sleepable: init %d\n", init_srcu_struct(&dynamic));
	synchronize_srcu(&dynamic);
	synchronize_srcu(&fixed);
	index = srcu_read_lock(&dynamic);
	other = srcu_read_lock(&dynamic);
	pr_info("rcu_sleepable: nested %d\n", index == other);
	srcu_read_unlock(&dynamic, other);
	srcu_read_unlock(&dynamic, index);

	task = kthread_run(reader, &dynamic, "reader");
	wait_for_completion(&inside);
	synchronize_srcu(&fixed);
	pr_info("rcu_sleepable: another domain: reader has left %d\n", left);
	synchronize_srcu(&dynamic);
	pr_info("rcu_sleepable: its domain: reader has left %d\n", left);
	kthread_stop(task);

	left = false;
	task = kthread_run(reader, &fixed, "reader");
	wait_for_completion(&inside);
	call_srcu(&fixed, &head, callback);
	msleep(10);
	pr_info("rcu_sleepable: called %d, left %d\n", called, left);
	srcu_barrier(&fixed);
	pr_info("rcu_sleepable: called %d, left %d, softirqs off %d, in a worker %d\n", called, left, context_softirq, !context_task);
	synchronize_srcu_expedited(&fixed);
	kthread_stop(task);
	srcu_barrier(&dynamic);
	cleanup_srcu_struct(&dynamic);
	return 0;
}

static void __exit rcu_sleepable_exit(void)
{
	srcu_barrier(&fixed);
	pr_info("rcu_sleepable: exit\n");
}

module_init(rcu_sleepable_init);
module_exit(rcu_sleepable_exit);
MODULE_LICENSE("GPL");
