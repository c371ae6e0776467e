// SPDX-License-Identifier: GPL-2.0
/* Pages: struct page, reference counts, and the address arithmetic that headers inline. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/gfp.h>
#include <linux/highmem.h>

static void one_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	char *address = page_address(page);

	pr_info("zero %d, aligned %d, count %d\n", !memchr_inv(address, 0, PAGE_SIZE), !((unsigned long)address & ~PAGE_MASK),
		page_count(page));
	pr_info("virt_to_page %d, pfn round trip %d, phys round trip %d, virt_addr_valid %d\n",
		virt_to_page(address) == page, pfn_to_page(page_to_pfn(page)) == page,
		__va(__pa(address)) == address, virt_addr_valid(address));
	pr_info("middle of the page: %d, offset %lu\n", virt_to_page(address + 100) == page, offset_in_page(address + 100));
	get_page(page);
	pr_info("after get_page count %d\n", page_count(page));
	put_page(page);
	pr_info("after put_page count %d\n", page_count(page));
	__free_page(page);
}

static void orders(void)
{
	int order;

	for (order = 0; order <= 10; order += 2) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		char *address = page_address(page);
		size_t size = PAGE_SIZE << order;

		memset(address, order, size);
		pr_info("order %d: naturally aligned %d, last byte %d, contiguous struct pages %d\n", order,
			!((unsigned long)address & (size - 1)), address[size - 1],
			page_address(page + (1 << order) - 1) == address + size - PAGE_SIZE);
		__free_pages(page, order);
	}
	pr_info("get_order: %d %d %d %d\n", get_order(1), get_order(4096), get_order(4097), get_order(1 << 20));
}

static void by_address(void)
{
	unsigned long a = __get_free_page(GFP_KERNEL), b = get_zeroed_page(GFP_KERNEL), c = __get_free_pages(GFP_ATOMIC, 3);
	void *exact = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	char *mapped;

	pr_info("distinct %d, zeroed %d, exact zeroed %d\n", a != b && b != c, !memchr_inv((void *)b, 0, PAGE_SIZE),
		!memchr_inv(exact, 0, 5 * PAGE_SIZE));
	mapped = kmap_local_page(virt_to_page((void *)a));
	pr_info("kmap_local_page gives the same address: %d\n", mapped == (char *)a);
	kunmap_local(mapped);
	free_page(a);
	free_page(b);
	free_pages(c, 3);
	free_pages_exact(exact, 5 * PAGE_SIZE);
	free_page(0);
}

static int __init mm_pages_init(void)
{
	one_page();
	orders();
	by_address();
	return 0;
}
static void __exit mm_pages_exit(void) { }
module_init(mm_pages_init);
module_exit(mm_pages_exit);
MODULE_LICENSE("GPL");
