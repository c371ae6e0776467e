// SPDX-License-Identifier: GPL-2.0
/* idr, ida, xarray. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/idr.h>
#include <linux/xarray.h>

static int objects[300];

static int visit(int id, void *p, void *data)
{
	*(int *)data += id;
	return id == 40 ? -EINTR : 0;
}

static void idrs(void)
{
	DEFINE_IDR(idr);
	int i, id, sum = 0, ret;
	u32 wanted = 500;
	void *p;

	pr_info("idr: first %d %d %d\n", idr_alloc(&idr, &objects[0], 0, 0, GFP_KERNEL), idr_alloc(&idr, &objects[1], 0, 0, GFP_KERNEL),
		idr_alloc(&idr, &objects[2], 10, 20, GFP_KERNEL));
	for (i = 11; i < 20; i++)
		idr_alloc(&idr, &objects[i], 10, 20, GFP_KERNEL);
	pr_info("range full %d, bad range %d\n", idr_alloc(&idr, &objects[20], 10, 20, GFP_KERNEL), idr_alloc(&idr, &objects[20], -1, 20, GFP_KERNEL));
	ret = idr_alloc_u32(&idr, &objects[30], &wanted, 500, GFP_KERNEL);
	pr_info("alloc_u32 %d id %u, again %d\n", ret, wanted, idr_alloc_u32(&idr, &objects[30], &wanted, 500, GFP_KERNEL));
	pr_info("find %d %d, replace %d, missing %ld\n", idr_find(&idr, 15) == &objects[15], !!idr_find(&idr, 25),
		idr_replace(&idr, &objects[99], 15) == &objects[15], PTR_ERR(idr_replace(&idr, &objects[0], 26)));
	pr_info("remove %d, again %d\n", idr_remove(&idr, 12) == &objects[12], !!idr_remove(&idr, 12));
	pr_info("the gap is used: %d, then cyclic %d %d\n", idr_alloc(&idr, &objects[1], 10, 20, GFP_KERNEL),
		idr_alloc_cyclic(&idr, &objects[1], 0, 0, GFP_KERNEL), idr_alloc_cyclic(&idr, &objects[1], 0, 0, GFP_KERNEL));
	idr_for_each_entry(&idr, p, id)
		sum += id;
	pr_info("sum of ids %d\n", sum);
	idr_alloc(&idr, &objects[40], 40, 41, GFP_KERNEL);
	sum = 0;
	ret = idr_for_each(&idr, visit, &sum);
	pr_info("for_each %d sum %d\n", ret, sum);
	id = 100;
	p = idr_get_next(&idr, &id);
	pr_info("get_next %d id %d, empty %d\n", p == &objects[30], id, idr_is_empty(&idr));
	idr_destroy(&idr);
	pr_info("destroyed, empty %d\n", idr_is_empty(&idr));
}

static void idas(void)
{
	DEFINE_IDA(ida);
	int i, last = 0;

	for (i = 0; i < 2000; i++)
		last = ida_alloc(&ida, GFP_KERNEL);
	pr_info("ida: last %d, min %d, range %d, full %d, max %d\n", last, ida_alloc_min(&ida, 5000, GFP_KERNEL), ida_alloc_range(&ida, 5000, 5001, GFP_KERNEL),
		ida_alloc_range(&ida, 5000, 5001, GFP_KERNEL), ida_alloc_max(&ida, 1999, GFP_KERNEL));
	ida_free(&ida, 1234);
	ida_free(&ida, 77);
	pr_info("freed ones come back: %d %d %d\n", ida_alloc(&ida, GFP_KERNEL), ida_alloc(&ida, GFP_KERNEL), ida_alloc(&ida, GFP_KERNEL));
	ida_destroy(&ida);
	pr_info("empty %d\n", ida_is_empty(&ida));
}

static void xarrays(void)
{
	DEFINE_XARRAY_ALLOC(xa);
	unsigned long index, sum = 0;
	void *entry;
	u32 id = 0;
	int ret;

	pr_info("xarray: store %d, load %d, value %lu\n", xa_is_err(xa_store(&xa, 5, &objects[5], GFP_KERNEL)), xa_load(&xa, 5) == &objects[5],
		(xa_store(&xa, 1000000, xa_mk_value(77), GFP_KERNEL), xa_to_value(xa_load(&xa, 1000000))));
	pr_info("store returns the old entry %d, insert %d, cmpxchg %d\n", xa_store(&xa, 5, &objects[6], GFP_KERNEL) == &objects[5],
		xa_insert(&xa, 5, &objects[7], GFP_KERNEL), xa_cmpxchg(&xa, 5, &objects[6], &objects[8], GFP_KERNEL) == &objects[6]);
	ret = xa_alloc(&xa, &id, &objects[9], xa_limit_32b, GFP_KERNEL);
	pr_info("alloc %d id %u", ret, id);
	ret = xa_alloc(&xa, &id, &objects[9], XA_LIMIT(5, 6), GFP_KERNEL);
	pr_cont(", %d id %u", ret, id);
	ret = xa_alloc(&xa, &id, &objects[9], XA_LIMIT(5, 6), GFP_KERNEL);
	pr_cont(", full %d\n", ret);
	xa_set_mark(&xa, 5, XA_MARK_1);
	pr_info("marks %d %d %d\n", xa_get_mark(&xa, 5, XA_MARK_1), xa_get_mark(&xa, 6, XA_MARK_1), xa_marked(&xa, XA_MARK_1));
	xa_for_each(&xa, index, entry)
		sum += index;
	pr_info("sum of indices %lu\n", sum);
	index = 7;
	entry = xa_find(&xa, &index, ULONG_MAX, XA_PRESENT);
	pr_info("find from 7: index %lu, value %d\n", index, xa_is_value(entry));
	entry = xa_find_after(&xa, &index, ULONG_MAX, XA_PRESENT);
	pr_info("after that: %d, erase %d, then %d\n", !!entry, xa_erase(&xa, 6) == &objects[9], !!xa_load(&xa, 6));
	xa_store_range(&xa, 2000000, 2000000, &objects[1], GFP_KERNEL);
	xa_destroy(&xa);
	pr_info("empty %d\n", xa_empty(&xa));
}

static int __init lib_ids_init(void)
{
	idrs();
	idas();
	xarrays();
	return 0;
}
static void __exit lib_ids_exit(void) { }
module_init(lib_ids_init);
module_exit(lib_ids_exit);
MODULE_LICENSE("GPL");
