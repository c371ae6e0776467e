// SPDX-License-Identifier: GPL-2.0
/* vmalloc: large areas, guard gaps, the pages behind them. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <linux/slab.h>
#include <linux/mm.h>

static int __init mm_vmalloc_init(void)
{
	char *a = vmalloc(1000000), *b = vzalloc(5 << 20), *c = vmalloc_user(10000), *k = kmalloc(64, GFP_KERNEL);
	char *v, *s;

	memset(a, 0x5a, 1000000);
	pr_info("page aligned %d %d, zero %d %d\n", PAGE_ALIGNED(a), PAGE_ALIGNED(b), !memchr_inv(b, 0, 5 << 20),
		!memchr_inv(c, 0, 10000));
	pr_info("is_vmalloc_addr: %d %d %d, of kmalloc %d\n", is_vmalloc_addr(a), is_vmalloc_addr(a + 999999), is_vmalloc_addr(b),
		is_vmalloc_addr(k));
	pr_info("do not overlap: %d\n", a + 1000000 <= b || b + (5 << 20) <= a);
	pr_info("different pages: %d, same page: %d\n", vmalloc_to_page(a) != vmalloc_to_page(a + PAGE_SIZE),
		vmalloc_to_page(a) == vmalloc_to_page(a + 100));
	pr_info("vmalloc_to_pfn agrees: %d\n", vmalloc_to_pfn(a) == page_to_pfn(vmalloc_to_page(a)));
	v = kvmalloc(20 << 20, GFP_KERNEL);
	s = kvmalloc(100, GFP_KERNEL);
	pr_info("kvmalloc: large is vmalloc %d, small is %d\n", is_vmalloc_addr(v), is_vmalloc_addr(s));
	pr_info("vmalloc(0) gives %px\n", vmalloc(0));
	vfree(a);
	vfree(b);
	vfree(c);
	vfree(NULL);
	kvfree(v);
	kvfree(s);
	kfree(k);
	return 0;
}
static void __exit mm_vmalloc_exit(void) { }
module_init(mm_vmalloc_init);
module_exit(mm_vmalloc_exit);
MODULE_LICENSE("GPL");
