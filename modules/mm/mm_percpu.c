// SPDX-License-Identifier: GPL-2.0
/* Per-CPU variables, static and allocated, of this module; and those of the kernel that headers read inline. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/preempt.h>
#include <linux/sched.h>

struct counters { long events; int last; };

static DEFINE_PER_CPU(int, counter) = 100;
static DEFINE_PER_CPU(struct counters, totals) = { .events = 7 };
DEFINE_PER_CPU(u64, exported_percpu) = 0x1122334455667788ULL;
EXPORT_PER_CPU_SYMBOL(exported_percpu);

static void static_ones(void)
{
	int cpu;

	preempt_disable();
	this_cpu_inc(counter);
	this_cpu_add(counter, 10);
	__this_cpu_dec(counter);
	pr_info("counter %d, through its pointer %d\n", this_cpu_read(counter), *this_cpu_ptr(&counter));
	pr_info("add_return %d, xchg %d, cmpxchg %d, now %d\n", this_cpu_add_return(counter, 5), this_cpu_xchg(counter, 3),
		this_cpu_cmpxchg(counter, 3, 4), this_cpu_read(counter));
	this_cpu_write(totals.last, -9);
	this_cpu_add(totals.events, 1L << 40);
	pr_info("totals %ld %d\n", this_cpu_read(totals.events), this_cpu_read(totals.last));
	this_cpu_or(exported_percpu, 0xf);
	pr_info("exported %llx\n", this_cpu_read(exported_percpu));
	pr_info("get_cpu_var %d\n", get_cpu_var(counter)++);
	put_cpu_var(counter);
	preempt_enable();
	for_each_possible_cpu(cpu)
		pr_info("cpu %d has counter %d\n", cpu, per_cpu(counter, cpu));
}

static void allocated(void)
{
	struct counters __percpu *p = alloc_percpu(struct counters);
	u64 __percpu *aligned = __alloc_percpu(sizeof(u64) * 100, 64);
	int cpu;

	for_each_possible_cpu(cpu) {
		struct counters *c = per_cpu_ptr(p, cpu);

		pr_info("cpu %d: zero %d\n", cpu, !c->events && !c->last);
		c->events = cpu + 1;
	}
	this_cpu_add(p->events, 50);
	pr_info("sum %ld, aligned %d\n", per_cpu_ptr(p, 0)->events, !((unsigned long)per_cpu_ptr(aligned, 0) & 63));
	free_percpu(aligned);
	free_percpu(p);
	free_percpu(NULL);
}

static void of_the_kernel(void)
{
	int count;

	pr_info("smp_processor_id %d, online %u, possible %u, present %u\n", raw_smp_processor_id(), num_online_cpus(),
		num_possible_cpus(), num_present_cpus());
	preempt_disable();
	count = preempt_count();
	preempt_disable();
	pr_info("preempt_count grows by %d, in_atomic %d, preemptible %d\n", preempt_count() - count, !!in_atomic(), preemptible());
	preempt_enable();
	preempt_enable();
	pr_info("now %d, in_task %d, current is '%s'\n", preempt_count(), !!in_task(), current->comm);
}

static int __init mm_percpu_init(void)
{
	static_ones();
	allocated();
	of_the_kernel();
	return 0;
}
static void __exit mm_percpu_exit(void)
{
	pr_info("at exit the counter is %d\n", per_cpu(counter, 0));
}
module_init(mm_percpu_init);
module_exit(mm_percpu_exit);
MODULE_LICENSE("GPL");
