// SPDX-License-Identifier: GPL-2.0
/* What Linux says when a reference count goes wrong. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/refcount.h>

static noinline void underflow(refcount_t *count)
{
	refcount_set(count, 0);
	pr_info("dec_and_test of zero %d\n", refcount_dec_and_test(count));
}
static noinline void add_on_zero(refcount_t *count)
{
	refcount_set(count, 0);
	refcount_inc(count);
	pr_info("inc of zero done\n");
}
static noinline void leak(refcount_t *count)
{
	refcount_set(count, 1);
	refcount_dec(count);
	pr_info("dec to zero done\n");
}

static int __init lib_refcount_init(void)
{
	refcount_t count;

	add_on_zero(&count);
	pr_info("saturated %d\n", refcount_read(&count) == REFCOUNT_SATURATED);
	underflow(&count);
	leak(&count);
	return 0;
}
static void __exit lib_refcount_exit(void) { }
module_init(lib_refcount_init);
module_exit(lib_refcount_exit);
MODULE_LICENSE("GPL");
