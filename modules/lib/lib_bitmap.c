// SPDX-License-Identifier: GPL-2.0
/* Bitmaps: set operations, search, parsing and printing. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/bitmap.h>
#include <linux/slab.h>
#include <linux/cpumask.h>

#define BITS 150

static int __init lib_bitmap_init(void)
{
	DECLARE_BITMAP(a, BITS) = { };
	DECLARE_BITMAP(b, BITS) = { };
	DECLARE_BITMAP(c, BITS) = { };
	unsigned long *allocated;
	unsigned int bit, start, end;
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	int ret;

	bitmap_set(a, 3, 70);
	bitmap_set(b, 60, 40);
	bitmap_set(b, 120, 30);
	bitmap_clear(b, 125, 5);
	pr_info("a %*pbl, b %*pbl\n", BITS, a, BITS, b);
	bitmap_and(c, a, b, BITS);
	pr_info("and %*pbl, intersects %d, subset %d %d\n", BITS, c, bitmap_intersects(a, b, BITS), bitmap_subset(c, a, BITS), bitmap_subset(a, b, BITS));
	bitmap_or(c, a, b, BITS);
	pr_info("or %*pbl, weight %d\n", BITS, c, bitmap_weight(c, BITS));
	bitmap_xor(c, a, b, BITS);
	pr_info("xor %*pbl\n", BITS, c);
	bitmap_andnot(c, a, b, BITS);
	pr_info("andnot %*pbl\n", BITS, c);
	bitmap_complement(c, a, BITS);
	pr_info("complement %*pbl, equal %d, empty %d, full %d\n", BITS, c, bitmap_equal(a, b, BITS), bitmap_empty(c, BITS), bitmap_full(c, BITS));
	bitmap_shift_left(c, a, 65, BITS);
	pr_info("shift left %*pbl\n", BITS, c);
	bitmap_shift_right(c, a, 33, BITS);
	pr_info("shift right %*pbl\n", BITS, c);
	bitmap_copy(c, b, BITS);
	pr_info("first %lu, last %lu, next %lu, next zero %lu, none %lu\n", find_first_bit(b, BITS), find_last_bit(b, BITS), find_next_bit(b, BITS, 100),
		find_next_zero_bit(b, BITS, 60), find_next_bit(b, 110, 100));
	for_each_set_bitrange(start, end, b, BITS)
		pr_info("range %u-%u\n", start, end);
	for_each_set_bit(bit, b, 63)
		pr_info("bit %u\n", bit);
	pr_info("zero area %lu, %lu\n", bitmap_find_next_zero_area(a, BITS, 0, 10, 0), bitmap_find_next_zero_area(a, BITS, 0, 10, 15));
	pr_info("region %d %d\n", bitmap_find_free_region(a, BITS, 3), bitmap_find_free_region(a, BITS, 10));

	ret = bitmap_parselist("0-3,7,10-20:2/4,149", c, BITS);
	pr_info("parselist %d %*pbl\n", ret, BITS, c);
	pr_info("bad lists %d %d %d\n", bitmap_parselist("5-3", c, BITS), bitmap_parselist("150", c, BITS), bitmap_parselist("x", c, BITS));
	ret = bitmap_parse("1,00000000,000000ff", 19, c, BITS);
	pr_info("parse %d %*pb\n", ret, BITS, c);
	ret = bitmap_print_to_pagebuf(true, text, c, BITS);
	pr_info("print %d %s", ret, text);
	ret = bitmap_print_to_pagebuf(false, text, c, BITS);
	pr_info("print %d %s", ret, text);
	allocated = bitmap_zalloc(1000, GFP_KERNEL);
	set_bit(999, allocated);
	pr_info("allocated: weight %d\n", bitmap_weight(allocated, 1000));
	bitmap_free(allocated);
	bitmap_from_arr32(c, (u32[]){ 0xf, 0, 0x80000000 }, 96);
	pr_info("from_arr32 %*pbl\n", 96, c);
	pr_info("cpu masks: online %*pbl, first %u, weight %u\n", cpumask_pr_args(cpu_online_mask), cpumask_first(cpu_online_mask),
		cpumask_weight(cpu_online_mask));
	kfree(text);
	return 0;
}
static void __exit lib_bitmap_exit(void) { }
module_init(lib_bitmap_init);
module_exit(lib_bitmap_exit);
MODULE_LICENSE("GPL");
