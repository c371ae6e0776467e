// SPDX-License-Identifier: GPL-2.0
/* Static calls: a direct call whose target is patched, NULL and return-0 variants, and those of the kernel (might_resched). */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/static_call.h>

static int add(int a, int b) { return a + b; }
static int multiply(int a, int b) { return a * b; }
static void count_up(int *value) { (*value)++; }

DEFINE_STATIC_CALL(operation, add);
DEFINE_STATIC_CALL_NULL(hook, count_up);
DEFINE_STATIC_CALL_RET0(answer, add);

static noinline int operate(int a, int b) { return static_call(operation)(a, b) + 1000; }
static noinline int operate_tail(int a, int b) { return static_call(operation)(a, b); }
static noinline void run_hook(int *value) { static_call_cond(hook)(value); }
static noinline int ask(int a, int b) { return static_call(answer)(a, b); }

static int __init static_calls_init(void)
{
	int value = 0;

	pr_info("add: %d %d\n", operate(6, 7), operate_tail(6, 7));
	static_call_update(operation, multiply);
	pr_info("multiply: %d %d\n", operate(6, 7), operate_tail(6, 7));
	run_hook(&value);
	pr_info("no hook: %d\n", value);
	static_call_update(hook, count_up);
	run_hook(&value);
	run_hook(&value);
	pr_info("hook: %d\n", value);
	static_call_update(hook, NULL);
	run_hook(&value);
	pr_info("no hook again: %d\n", value);
	pr_info("return 0: %d\n", ask(20, 22));
	static_call_update(answer, add);
	pr_info("then add: %d\n", ask(20, 22));
	might_sleep();
	cond_resched();
	pr_info("static_call_query: %d\n", static_call_query(operation) == multiply);
	return 0;
}
static void __exit static_calls_exit(void)
{
	pr_info("exit: %d\n", operate(2, 3));
}
module_init(static_calls_init);
module_exit(static_calls_exit);
MODULE_LICENSE("GPL");
