// SPDX-License-Identifier: GPL-2.0
/* Locks that sleep: who waits, in which order they get the lock, timeouts, and what trylock says meanwhile. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/spinlock.h>

static DEFINE_MUTEX(lock);
static DECLARE_RWSEM(gate);
static DEFINE_SPINLOCK(order_lock);
static struct semaphore places;
static char order[16];
static int used;
static atomic_t running = ATOMIC_INIT(0);
static DECLARE_COMPLETION(all_done);

static void note(char who)
{
	unsigned long flags;

	spin_lock_irqsave(&order_lock, flags);
	order[used++] = who;
	spin_unlock_irqrestore(&order_lock, flags);
}

static void finished(void)
{
	if (atomic_dec_and_test(&running))
		complete(&all_done);
}

static int mutex_user(void *name)
{
	mutex_lock(&lock);
	note(*(char *)name);
	mutex_unlock(&lock);
	finished();
	return 0;
}

static int place_user(void *name)
{
	down(&places);
	note(*(char *)name);
	msleep(20);
	up(&places);
	finished();
	return 0;
}

static int reader(void *name)
{
	down_read(&gate);
	note(*(char *)name);
	up_read(&gate);
	finished();
	return 0;
}

static int writer(void *name)
{
	down_write(&gate);
	note(*(char *)name);
	up_write(&gate);
	finished();
	return 0;
}

/* Starts the users one after another, each after the one before is surely waiting. */
static void start(int (*fn)(void *), char *names)
{
	for (; *names; names++) {
		atomic_inc(&running);
		kthread_run(fn, names, "user-%c", *names);
		msleep(12);
	}
}

static void report(const char *what)
{
	wait_for_completion(&all_done);
	order[used] = 0;
	pr_info("sched_locks: %s: %s\n", what, order);
	used = 0;
}

static char abc[] = "abc", de[] = "de", readers[] = "rr", writers[] = "w";

static int __init sched_locks_init(void)
{
	mutex_lock(&lock);
	start(mutex_user, abc);
	pr_info("sched_locks: locked %d, trylock %d\n", mutex_is_locked(&lock), mutex_trylock(&lock));
	note('0');
	mutex_unlock(&lock);
	report("mutex");
	pr_info("sched_locks: locked %d\n", mutex_is_locked(&lock));

	sema_init(&places, 2);
	down(&places);
	down(&places);
	pr_info("sched_locks: down_trylock %d, down_timeout %d\n", down_trylock(&places), down_timeout(&places, 2));
	start(place_user, de);
	note('0');
	up(&places);
	msleep(8);
	up(&places);
	report("semaphore");
	pr_info("sched_locks: count %d\n", places.count);

	down_read(&gate);
	pr_info("sched_locks: second reader %d, writer %d\n", down_read_trylock(&gate), down_write_trylock(&gate));
	up_read(&gate);
	start(writer, writers);
	start(reader, readers);
	note('0');
	up_read(&gate);
	report("rwsem");
	down_write(&gate);
	pr_info("sched_locks: reader beside a writer %d\n", down_read_trylock(&gate));
	downgrade_write(&gate);
	pr_info("sched_locks: reader after downgrade %d\n", down_read_trylock(&gate));
	up_read(&gate);
	up_read(&gate);
	pr_info("sched_locks: spin_trylock %d\n", spin_trylock(&order_lock));
	pr_info("sched_locks: locked %d, again %d, preempt count %d\n", spin_is_locked(&order_lock), spin_trylock(&order_lock), preempt_count());
	spin_unlock(&order_lock);
	return 0;
}

static void __exit sched_locks_exit(void)
{
	pr_info("sched_locks: exit\n");
}

module_init(sched_locks_init);
module_exit(sched_locks_exit);
MODULE_LICENSE("GPL");
