// SPDX-License-Identifier: GPL-2.0
/* sort, list_sort, bsearch: the kernel calls back into the module. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/sort.h>
#include <linux/list_sort.h>
#include <linux/bsearch.h>
#include <linux/slab.h>
#include <linux/list.h>

struct item { struct list_head link; int key; int order; };
struct odd { int key; char pad[9]; } __packed;

static u32 seed = 12345;
static u32 next_random(void) { return seed = seed * 1664525 + 1013904223; }

static int compare_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}
static int compare_reverse(const void *a, const void *b, const void *arg)
{
	return *(const int *)arg * compare_int(a, b);
}
static int compare_odd(const void *a, const void *b)
{
	return compare_int(&((const struct odd *)a)->key, &((const struct odd *)b)->key);
}
static int swaps;
static void swap_counting(void *a, void *b, int size)
{
	swap(*(int *)a, *(int *)b);
	swaps++;
}
static int compare_item(void *priv, const struct list_head *a, const struct list_head *b)
{
	return list_entry(a, struct item, link)->key - list_entry(b, struct item, link)->key;
}

static int __init lib_sort_init(void)
{
	static int numbers[500];
	static long longs[40];
	static struct odd odds[33];
	static struct item items[100];
	LIST_HEAD(list);
	struct item *item, *last = NULL;
	int i, key = 250, minus = -1, is_sorted = 1, is_stable = 1, *found;
	u64 sum = 0;

	for (i = 0; i < 500; i++)
		numbers[i] = next_random() % 1000;
	sort(numbers, 500, sizeof(int), compare_int, NULL);
	for (i = 0; i < 500; i++) {
		is_sorted &= !i || numbers[i - 1] <= numbers[i];
		sum += (u64)numbers[i] * i;
	}
	pr_info("sort: sorted %d, first %d, last %d, sum %llu\n", is_sorted, numbers[0], numbers[499], sum);
	sort_r(numbers, 500, sizeof(int), compare_reverse, NULL, &minus);
	pr_info("sort_r: first %d, last %d\n", numbers[0], numbers[499]);
	sort(numbers, 500, sizeof(int), compare_int, swap_counting);
	pr_info("sort with swap: first %d, last %d, swapped %d\n", numbers[0], numbers[499], swaps > 0);
	found = bsearch(&key, numbers, 500, sizeof(int), compare_int);
	pr_info("bsearch of %d: %d\n", key, found ? *found : -1);
	found = bsearch(&minus, numbers, 500, sizeof(int), compare_int);
	pr_info("bsearch of %d: %d\n", minus, found ? *found : -1);

	for (i = 0; i < 40; i++)
		longs[i] = (long)next_random() << 8;
	sort(longs, 40, sizeof(long), compare_int, NULL);
	for (i = 0; i < 33; i++)
		odds[i] = (struct odd){ .key = next_random() % 100, .pad = { i } };
	sort(odds, 33, sizeof(struct odd), compare_odd, NULL);
	pr_info("odd sizes: %d %d %d\n", odds[0].key, odds[16].key, odds[32].key);
	sort(numbers, 1, sizeof(int), compare_int, NULL);
	sort(numbers, 0, sizeof(int), compare_int, NULL);

	for (i = 0; i < 100; i++) {
		items[i].key = next_random() % 10;
		items[i].order = i;
		list_add_tail(&items[i].link, &list);
	}
	list_sort(NULL, &list, compare_item);
	list_for_each_entry(item, &list, link) {
		if (last && last->key == item->key)
			is_stable &= last->order < item->order;
		if (last)
			is_sorted &= last->key <= item->key;
		last = item;
	}
	pr_info("list_sort: sorted %d, stable %d, last %d\n", is_sorted, is_stable, last->key);
	return 0;
}
static void __exit lib_sort_exit(void) { }
module_init(lib_sort_init);
module_exit(lib_sort_exit);
MODULE_LICENSE("GPL");
