// SPDX-License-Identifier: GPL-2.0
/* kmalloc and its family: sizes, alignment, zeroing, reallocation, refusals. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/overflow.h>
#include <linux/err.h>

static const size_t sizes[] = { 1, 8, 9, 16, 24, 33, 64, 65, 96, 97, 128, 192, 193, 256, 500, 512, 1000, 1024, 2000, 2048,
				4000, 4096, 4097, 8192, 8193, 10000, 16384, 65536, 100000, 1 << 20, 4 << 20 };

static void size_classes(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		unsigned long p;

		OPTIMIZER_HIDE_VAR(size);
		p = (unsigned long)kmalloc(size, GFP_KERNEL);
		pr_info("kmalloc(%zu): ksize %zu, power-of-two aligned %d\n", size, ksize((void *)p),
			is_power_of_2(size) ? !(p & (min(size, PAGE_SIZE) - 1)) : !(p & 7));
		kfree((void *)p);
	}
}

static void constant_sizes(void)
{
	char *a = kmalloc(32, GFP_KERNEL), *b = kzalloc(100, GFP_ATOMIC), *c = kmalloc(20000, GFP_KERNEL);

	memset(a, 1, 32);
	memset(c, 2, 20000);
	pr_info("kzalloc is zero: %d, distinct: %d\n", !memchr_inv(b, 0, 100), a != b && b != c);
	pr_info("usable: %zu %zu %zu\n", ksize(a), ksize(b), ksize(c));
	kfree(a);
	kfree(b);
	kfree_sensitive(c);
}

static void reallocation(void)
{
	char *p = kmalloc(10, GFP_KERNEL), *q, *none;

	strscpy(p, "kept", 10);
	p = krealloc(p, 16, GFP_KERNEL);
	pr_info("krealloc within the object: '%s' %zu\n", p, ksize(p));
	q = krealloc(p, 5000, GFP_KERNEL | __GFP_ZERO);
	pr_info("krealloc beyond: '%s' %zu, rest zero %d\n", q, ksize(q), !memchr_inv(q + 16, 0, 5000 - 16));
	q = krealloc(q, 3, GFP_KERNEL);
	pr_info("krealloc smaller: '%.3s' %zu\n", q, ksize(q));
	none = krealloc(q, 0, GFP_KERNEL);
	pr_info("krealloc to 0: ZERO_SIZE_PTR %d\n", none == ZERO_SIZE_PTR);
	q = krealloc(NULL, 40, GFP_KERNEL);
	pr_info("krealloc of NULL: %d %zu\n", !!q, ksize(q));
	kfree(q);
}

static void edges(void)
{
	size_t huge = SIZE_MAX / 2, n = SIZE_MAX / 4;
	void *p;

	OPTIMIZER_HIDE_VAR(huge);
	OPTIMIZER_HIDE_VAR(n);
	p = kmalloc(0, GFP_KERNEL);
	pr_info("kmalloc(0): ZERO_SIZE_PTR %d, ksize %zu, ZERO_OR_NULL %d\n", p == ZERO_SIZE_PTR, ksize(p), ZERO_OR_NULL_PTR(p));
	kfree(p);
	kfree(NULL);
	pr_info("kmalloc of half of all: %d\n", !!kmalloc(huge, GFP_KERNEL | __GFP_NOWARN));
	pr_info("kcalloc that overflows: %d\n", !!kcalloc(n, 8, GFP_KERNEL));
	pr_info("kmalloc_array that overflows: %d\n", !!kmalloc_array(n, 16, GFP_KERNEL));
	p = kcalloc(10, 12, GFP_KERNEL);
	pr_info("kcalloc(10, 12): zero %d, ksize %zu\n", !memchr_inv(p, 0, 120), ksize(p));
	kfree(p);
	p = kmalloc_node(77, GFP_KERNEL, NUMA_NO_NODE);
	pr_info("kmalloc_node: %zu\n", ksize(p));
	kfree(p);
	p = kvmalloc(3000000, GFP_KERNEL);
	pr_info("kvmalloc(3000000): %d\n", !!p);
	kvfree(p);
	pr_info("kmalloc_size_roundup: %zu %zu %zu\n", kmalloc_size_roundup(1), kmalloc_size_roundup(100),
		kmalloc_size_roundup(5000));
}

static void copies(void)
{
	char *a = kstrdup("duplicate", GFP_KERNEL), *b = kstrndup("duplicate", 4, GFP_KERNEL);
	char *c = kmemdup("bytes\0more", 11, GFP_KERNEL), *d = kmemdup_nul("abcdef", 3, GFP_KERNEL);
	char *e = kasprintf(GFP_KERNEL, "%s-%d", "formatted", 42);
	const char *f = kstrdup_const("constant", GFP_KERNEL);

	pr_info("kstrdup '%s', kstrndup '%s', kmemdup '%s' '%s', kmemdup_nul '%s'\n", a, b, c, c + 6, d);
	pr_info("kasprintf '%s', kstrdup_const '%s', kstrdup(NULL) %px\n", e, f, kstrdup(NULL, GFP_KERNEL));
	kfree(a);
	kfree(b);
	kfree(c);
	kfree(d);
	kfree(e);
	kfree_const(f);
}

static void many(void)
{
	static void *objects[1000];
	unsigned long sum = 0;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = kmalloc(i + 1, GFP_KERNEL);
		memset(objects[i], i, i + 1);
	}
	for (i = 0; i < ARRAY_SIZE(objects); i += 3) {
		kfree(objects[i]);
		objects[i] = kzalloc(2 * i + 1, GFP_KERNEL);
	}
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		for (j = 0; j <= i; j++)
			sum += ((unsigned char *)objects[i])[j];
		kfree(objects[i]);
	}
	pr_info("a thousand objects, sum %lu\n", sum);
}

static int __init mm_slab_init(void)
{
	size_classes();
	constant_sizes();
	reallocation();
	edges();
	copies();
	many();
	return 0;
}
static void __exit mm_slab_exit(void) { }
module_init(mm_slab_init);
module_exit(mm_slab_exit);
MODULE_LICENSE("GPL");
