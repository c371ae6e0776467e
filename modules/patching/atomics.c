// SPDX-License-Identifier: GPL-2.0
/* Locked instructions through the kernel's atomic types, bit operations, reference counts and uncontended locks. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/kref.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>

static void counters(void)
{
	atomic_t a = ATOMIC_INIT(5);
	atomic64_t b = ATOMIC64_INIT(1ULL << 40);
	atomic_long_t c = ATOMIC_LONG_INIT(-1);
	int old = 8;

	atomic_add(3, &a);
	pr_info("add %d, sub_return %d, inc_and_test %d, dec_and_test %d\n", atomic_read(&a), atomic_sub_return(2, &a),
		atomic_inc_and_test(&a), atomic_dec_and_test(&a));
	pr_info("fetch_add %d, xchg %d, cmpxchg %d, now %d\n", atomic_fetch_add(2, &a), atomic_xchg(&a, 8),
		atomic_cmpxchg(&a, 8, 9), atomic_read(&a));
	pr_info("try_cmpxchg %d, old %d, add_unless %d, inc_not_zero %d, dec_if_positive %d\n", atomic_try_cmpxchg(&a, &old, 1), old,
		atomic_add_unless(&a, 1, 9), atomic_inc_not_zero(&a), atomic_dec_if_positive(&a));
	atomic_or(0xf0, &a);
	atomic_and(0x3f, &a);
	atomic_xor(0x11, &a);
	atomic_andnot(0x2, &a);
	pr_info("bits %#x, fetch_or %#x, fetch_and %#x, now %#x\n", atomic_read(&a), atomic_fetch_or(0x100, &a),
		atomic_fetch_and(0xff, &a), atomic_read(&a));
	atomic64_add(0x123456789LL, &b);
	pr_info("64: %lld %lld %d, long: %d\n", atomic64_read(&b), atomic64_fetch_sub(1, &b), atomic64_add_negative(-(1LL << 50), &b),
		atomic_long_inc_and_test(&c));
}

static void bits(void)
{
	unsigned long map[3] = { 0x8000000000000001UL, 0, 4 };

	set_bit(100, map);
	clear_bit(0, map);
	change_bit(1, map);
	pr_info("bits %lx %lx %lx, test %d %d\n", map[0], map[1], map[2], test_bit(100, map), test_bit(0, map));
	pr_info("test_and: set %d %d, clear %d %d, change %d\n", test_and_set_bit(5, map), test_and_set_bit(5, map),
		test_and_clear_bit(5, map), test_and_clear_bit(5, map), test_and_change_bit(63, map));
	__set_bit(150, map);
	__clear_bit(130, map);
	pr_info("bits %lx %lx %lx\n", map[0], map[1], map[2]);
	pr_info("ffs %d %d, fls %d %d, fls64 %d, __ffs %lu, __fls %lu, ffz %lu\n", ffs(0), ffs(24), fls(0), fls(24), fls64(1ULL << 40),
		__ffs(0x500), __fls(0x500), ffz(0xffffUL));
	pr_info("rotate %x %x %llx, sign_extend %d %lld\n", rol32(0x80000001, 4), ror32(0x80000001, 4), rol64(0x8000000000000001ULL, 4),
		sign_extend32(0xff, 7), sign_extend64(0x800, 11));
}

struct object { struct kref ref; int id; };

static void release(struct kref *ref)
{
	struct object *object = container_of(ref, struct object, ref);

	pr_info("releasing object %d\n", object->id);
	kfree(object);
}

static void references(void)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);
	refcount_t count = REFCOUNT_INIT(2);

	object->id = 17;
	kref_init(&object->ref);
	kref_get(&object->ref);
	pr_info("kref %u, put %d\n", kref_read(&object->ref), kref_put(&object->ref, release));
	pr_info("put %d\n", kref_put(&object->ref, release));
	refcount_inc(&count);
	pr_info("refcount %u, dec_and_test %d %d %d\n", refcount_read(&count), refcount_dec_and_test(&count),
		refcount_dec_and_test(&count), refcount_dec_and_test(&count));
	pr_info("inc_not_zero of zero %d\n", refcount_inc_not_zero(&count));
}

struct entry { struct llist_node node; int value; };

static void lists_without_locks(void)
{
	LLIST_HEAD(head);
	struct entry entries[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } }, *entry;
	struct llist_node *all;
	int i;

	for (i = 0; i < 3; i++)
		pr_info("llist_add: was empty %d\n", llist_add(&entries[i].node, &head));
	all = llist_reverse_order(llist_del_all(&head));
	llist_for_each_entry(entry, all, node)
		pr_info("entry %d\n", entry->value);
}

static void locks(void)
{
	static DEFINE_SPINLOCK(spin);
	static DEFINE_RWLOCK(rw);
	static DEFINE_MUTEX(mutex);
	static DECLARE_RWSEM(sem);
	DECLARE_COMPLETION_ONSTACK(done);
	unsigned long flags;

	spin_lock(&spin);
	pr_info("spin: locked %d, trylock %d, in_atomic %d\n", spin_is_locked(&spin), spin_trylock(&spin), !!in_atomic());
	spin_unlock(&spin);
	spin_lock_irqsave(&spin, flags);
	pr_info("irqsave: irqs_disabled %d\n", irqs_disabled());
	spin_unlock_irqrestore(&spin, flags);
	spin_lock_bh(&spin);
	pr_info("bh: softirqs off %d, in_softirq %d\n", !!softirq_count(), !!in_softirq());
	spin_unlock_bh(&spin);
	read_lock(&rw);
	read_unlock(&rw);
	write_lock_irq(&rw);
	write_unlock_irq(&rw);
	mutex_lock(&mutex);
	pr_info("mutex: locked %d, trylock %d\n", mutex_is_locked(&mutex), mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	pr_info("mutex_lock_interruptible %d\n", mutex_lock_interruptible(&mutex));
	mutex_unlock(&mutex);
	down_read(&sem);
	pr_info("rwsem: read trylock %d, write trylock %d\n", down_read_trylock(&sem), down_write_trylock(&sem));
	up_read(&sem);
	up_read(&sem);
	complete(&done);
	pr_info("completion: done %d\n", completion_done(&done));
	wait_for_completion(&done);
	pr_info("waited, try again %d\n", try_wait_for_completion(&done));
	rcu_read_lock();
	rcu_read_unlock();
	pr_info("after all: in_atomic %d, irqs_disabled %d\n", !!in_atomic(), irqs_disabled());
}

static int __init atomics_init(void)
{
	counters();
	bits();
	references();
	lists_without_locks();
	locks();
	return 0;
}
static void __exit atomics_exit(void) { }
module_init(atomics_init);
module_exit(atomics_exit);
MODULE_LICENSE("GPL");
