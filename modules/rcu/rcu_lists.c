// SPDX-License-Identifier: GPL-2.0
/* RCU: a list with readers while entries are removed, callbacks and barriers, grace periods that wait for readers, cookies. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>

struct entry {
	struct list_head link;
	struct rcu_head rcu;
	int value;
};

static LIST_HEAD(list);
static DEFINE_SPINLOCK(lock);
static int nr_freed, freed_order[8], in_softirq_, serving, freed_sum;
static DECLARE_COMPLETION(inside);
static bool left;

static void free_entry(struct rcu_head *head)
{
	struct entry *entry = container_of(head, struct entry, rcu);

	in_softirq_ = !!in_softirq();
	serving = !!in_serving_softirq();
	if (nr_freed < 8)
		freed_order[nr_freed] = entry->value;
	nr_freed++;
	freed_sum += entry->value;
	kfree(entry);
}

static void add(int value)
{
	struct entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	entry->value = value;
	spin_lock(&lock);
	list_add_tail_rcu(&entry->link, &list);
	spin_unlock(&lock);
}

static int sum(void)
{
	struct entry *entry;
	int total = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(entry, &list, link)
		total += entry->value;
	rcu_read_unlock();
	return total;
}

/* Stays inside a reader over several ticks. */
static int reader(void *data)
{
	struct entry *entry;
	int total = 0;

	rcu_read_lock();
	rcu_read_lock();
	complete(&inside);
	list_for_each_entry_rcu(entry, &list, link) {
		total += entry->value;
		mdelay(10);
	}
	rcu_read_unlock();
	mdelay(5);
	left = true;
	rcu_read_unlock();
	while (!kthread_should_stop())
		msleep(4);
	return total;
}

static int __init rcu_lists_init(void)
{
	struct task_struct *task;
	struct entry *entry, *next;
	unsigned long cookie;
	int i;

	for (i = 1; i <= 5; i++)
		add(i);
	pr_info("rcu_lists: sum %d\n", sum());
	spin_lock(&lock);
	list_for_each_entry_safe(entry, next, &list, link) {
		if (entry->value % 2 == 0) {
			list_del_rcu(&entry->link);
			call_rcu(&entry->rcu, free_entry);
		}
	}
	spin_unlock(&lock);
	pr_info("rcu_lists: sum %d, freed %d\n", sum(), nr_freed);
	rcu_barrier();
	pr_info("rcu_lists: after the barrier: freed %d: %d %d, softirq %d, not a task %d\n", nr_freed, freed_order[0], freed_order[1], in_softirq_, serving);

	task = kthread_run(reader, NULL, "reader");
	wait_for_completion(&inside);
	spin_lock(&lock);
	entry = list_first_entry(&list, struct entry, link);
	list_del_rcu(&entry->link);
	spin_unlock(&lock);
	synchronize_rcu();
	pr_info("rcu_lists: synchronize_rcu: reader has left %d\n", left);
	kfree(entry);
	pr_info("rcu_lists: reader saw %d\n", kthread_stop(task) >= 8);

	left = false;
	task = kthread_run(reader, NULL, "reader");
	wait_for_completion(&inside);
	synchronize_rcu_expedited();
	pr_info("rcu_lists: expedited: reader has left %d\n", left);
	kthread_stop(task);

	cookie = get_state_synchronize_rcu();
	pr_info("rcu_lists: cookie before %d", poll_state_synchronize_rcu(cookie));
	synchronize_rcu();
	pr_cont(" after %d\n", poll_state_synchronize_rcu(cookie));
	cond_synchronize_rcu(cookie);
	cookie = start_poll_synchronize_rcu();
	msleep(200);
	pr_info("rcu_lists: started one is over %d\n", poll_state_synchronize_rcu(cookie));

	nr_freed = 0;
	list_for_each_entry_safe(entry, next, &list, link) {
		list_del_rcu(&entry->link);
		kfree_rcu(entry, rcu);
	}
	pr_info("rcu_lists: empty %d\n", list_empty(&list));
	return 0;
}

static void __exit rcu_lists_exit(void)
{
	int i;

	for (i = 10; i < 15; i++)
		add(i);
	nr_freed = freed_sum = 0;
	while (!list_empty(&list)) {
		struct entry *entry = list_first_entry(&list, struct entry, link);

		list_del_rcu(&entry->link);
		call_rcu(&entry->rcu, free_entry);
	}
	rcu_barrier();
	pr_info("rcu_lists: exit: freed %d, sum %d\n", nr_freed, freed_sum);
}

module_init(rcu_lists_init);
module_exit(rcu_lists_exit);
MODULE_LICENSE("GPL");
