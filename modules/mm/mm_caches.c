// SPDX-License-Identifier: GPL-2.0
/* kmem_cache: constructors, alignment, bulk allocation, a cache that is destroyed while objects live. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/list.h>

struct item { struct list_head link; int value; char name[20]; };

static int constructed;

static void construct(void *object)
{
	struct item *item = object;

	INIT_LIST_HEAD(&item->link);
	item->value = 77;
	constructed++;
}

static int __init mm_caches_init(void)
{
	struct kmem_cache *plain = kmem_cache_create("kobox_plain", 100, 0, 0, NULL);
	struct kmem_cache *aligned = KMEM_CACHE(item, SLAB_HWCACHE_ALIGN);
	struct kmem_cache *with_ctor = kmem_cache_create("kobox_ctor", sizeof(struct item), 0, SLAB_PANIC, construct);
	struct item *a, *b, *c;
	void *bulk[20];
	int i, nr;

	/* Caches without a constructor may be merged with others of the kernel, which changes their size. */
	pr_info("size %u, at least 100: %d\n", kmem_cache_size(with_ctor), kmem_cache_size(plain) >= 100);
	a = kmem_cache_zalloc(aligned, GFP_KERNEL);
	pr_info("aligned to 64: %d, zero: %d\n", !((unsigned long)a & 63), !memchr_inv(a, 0, sizeof(*a)));
	kmem_cache_free(aligned, a);

	b = kmem_cache_alloc(with_ctor, GFP_KERNEL);
	pr_info("constructed: value %d, list empty %d, at least one object %d\n", b->value, list_empty(&b->link), constructed >= 1);
	b->value = 5;
	kmem_cache_free(with_ctor, b);
	c = kmem_cache_alloc(with_ctor, GFP_KERNEL);
	pr_info("an object comes back as it was freed: %d\n", c == b ? c->value : 5);
	kmem_cache_free(with_ctor, c);

	nr = kmem_cache_alloc_bulk(plain, GFP_KERNEL, ARRAY_SIZE(bulk), bulk);
	for (i = 0; i < nr; i++)
		memset(bulk[i], i, 100);
	pr_info("bulk gives %d, last byte %d\n", nr, ((char *)bulk[nr - 1])[99]);
	kmem_cache_free_bulk(plain, nr, bulk);
	pr_info("shrink gives %d\n", kmem_cache_shrink(plain));
	kmem_cache_destroy(plain);
	kmem_cache_destroy(aligned);
	kmem_cache_destroy(with_ctor);
	kmem_cache_destroy(NULL);
	pr_info("destroyed\n");
	return 0;
}
static void __exit mm_caches_exit(void) { }
module_init(mm_caches_init);
module_exit(mm_caches_exit);
MODULE_LICENSE("GPL");
