// SPDX-License-Identifier: GPL-2.0
/* What memory management says to those who misuse it; one misuse per load. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/thread_info.h>

static char *what = "";
module_param(what, charp, 0);

/* Sizes and pointers that the compiler must not see through. */
static unsigned long opaque(unsigned long n)
{
	OPTIMIZER_HIDE_VAR(n);
	return n;
}

static void double_free(void)
{
	void *p = kmalloc(opaque(100), GFP_KERNEL);

	kfree(p);
	kfree((void *)opaque((unsigned long)p));
	pr_info("still here\n");
}

static struct kmem_cache *unmerged(const char *name)
{
	/* A region for user copies keeps the cache from being merged with another. */
	return kmem_cache_create_usercopy(name, 520, 8, 0, 0, 520, NULL);
}

static void cache_double_free(void)
{
	struct kmem_cache *cache = unmerged("misused");
	void *p = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, p);
	kmem_cache_free(cache, (void *)opaque((unsigned long)p));
	pr_info("still here\n");
}

static void cache_leak(void)
{
	struct kmem_cache *cache = unmerged("leaky");
	static void *objects[40];
	void *kept = NULL;
	int i;

	/* Where the first object of a slab lies is random: keep one that begins its slab of two pages. */
	for (i = 0; i < 40; i++)
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < 40; i++)
		if (!kept && !((unsigned long)objects[i] & (2 * PAGE_SIZE - 1)))
			kept = objects[i];
		else
			kmem_cache_free(cache, objects[i]);
	pr_info("kept one: %d\n", !!kept);
	kmem_cache_destroy(cache);
	pr_info("destroyed with an object left\n");
}

static void cache_leak_full(void)
{
	/* One object per slab: full slabs are on no list that anybody could look through. */
	struct kmem_cache *cache = kmem_cache_create_usercopy("full", 20000, 8, 0, 0, 520, NULL);
	void *a = kmem_cache_alloc(cache, GFP_KERNEL), *b = kmem_cache_alloc(cache, GFP_KERNEL);

	pr_info("allocated %d\n", a && b);
	kmem_cache_free(cache, a);
	kmem_cache_destroy(cache);
	pr_info("destroyed with an object left\n");
}

static void too_large(void)
{
	pr_info("kmalloc %d\n", !!kmalloc(opaque(8 << 20), GFP_KERNEL));
	pr_info("kmalloc again %d\n", !!kmalloc(opaque(8 << 20), GFP_KERNEL));
	pr_info("without warning %d\n", !!kmalloc(opaque(8 << 20), GFP_KERNEL | __GFP_NOWARN));
	pr_info("pages %d\n", !!alloc_pages(GFP_KERNEL, opaque(11)));
	pr_info("kvmalloc %d\n", !!kvmalloc(opaque(3UL << 30), GFP_KERNEL));
}

static void bad_vfree(void)
{
	char *p = vmalloc(8192);

	vfree(p + PAGE_SIZE);
	pr_info("after a page of it\n");
	vfree(p + 8);
	pr_info("after the middle of a page\n");
	vfree(p);
	vfree(NULL);
	kfree(NULL);
	kvfree(NULL);
}

static void bad_percpu(void)
{
	pr_info("size 0: %d\n", !!__alloc_percpu(opaque(0), 8));
	pr_info("large: %d\n", !!__alloc_percpu(opaque(1 << 20), 8));
	pr_info("alignment: %d\n", !!__alloc_percpu(opaque(8), 24));
	free_percpu(NULL);
}

static void bad_cache(void)
{
	pr_info("region beyond the object: %d\n", !!kmem_cache_create_usercopy("region", 64, 0, 0, 32, opaque(64), NULL));
}

static void usercopy(void)
{
	char *p = kmalloc(opaque(64), GFP_KERNEL);

	check_object_size(p, opaque(64), true);
	check_object_size(p + 60, opaque(4), false);
	check_object_size(NULL, opaque(0), true);
	pr_info("of one object\n");
	check_object_size(p, opaque(65), true);
	pr_info("of more\n");
}

static void fortify(void)
{
	char text[8];

	memset(text, 'x', sizeof(text));
	pr_info("length %zu\n", strlen(text));
}

static void free_static(void)
{
	static char bytes[64];

	kfree((void *)opaque((unsigned long)bytes));
	pr_info("still here\n");
}

static void free_vmalloc(void)
{
	void *p = vmalloc(opaque(64));

	kfree((void *)opaque((unsigned long)p));
	pr_info("still here\n");
}

static const struct { const char *name; void (*run)(void); } misuses[] = {
	{ "double_free", double_free }, { "cache_double_free", cache_double_free }, { "cache_leak", cache_leak }, { "cache_leak_full", cache_leak_full }, { "too_large", too_large },
	{ "bad_vfree", bad_vfree }, { "bad_percpu", bad_percpu }, { "bad_cache", bad_cache }, { "usercopy", usercopy }, { "fortify", fortify },
	{ "free_static", free_static }, { "free_vmalloc", free_vmalloc },
};

static int __init mm_misuse_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(misuses); i++)
		if (!strcmp(misuses[i].name, what))
			misuses[i].run();
	return 0;
}
static void __exit mm_misuse_exit(void) { }
module_init(mm_misuse_init);
module_exit(mm_misuse_exit);
MODULE_LICENSE("GPL");
