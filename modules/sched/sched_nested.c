// SPDX-License-Identifier: GPL-2.0
/* Sleeps inside nested calls whose callers keep values in callee-saved registers and on the stack across the sleep. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>

static int rounds = 3;
module_param(rounds, int, 0444);

static noinline u64 innermost(u64 a, u64 b)
{
	u64 kept = a * 3 + b;

	msleep(20);
	return kept ^ (a << 7);
}

static noinline u64 middle(u64 a, u64 b, u64 c)
{
	u64 first = innermost(a, b);
	u64 second = innermost(b, c);

	msleep(8);
	return first * 5 + second * 7 + a + b + c;
}

static noinline u64 outer(u64 seed)
{
	u64 sum = seed, i;

	for (i = 0; i < rounds; i++)
		sum = sum * 31 + middle(sum, i, seed + i);
	return sum;
}

static int __init sched_nested_init(void)
{
	unsigned long start = jiffies;
	u64 result = outer(42);
	unsigned long took = jiffies_to_msecs(jiffies - start);

	pr_info("sched_nested: result %llu\n", result);
	pr_info("sched_nested: slept at least %d ms: %d\n", rounds * 48, took >= rounds * 48);
	return 0;
}

static void __exit sched_nested_exit(void)
{
	pr_info("sched_nested: %llu\n", outer(7));
}

module_init(sched_nested_init);
module_exit(sched_nested_exit);
MODULE_LICENSE("GPL");
