// SPDX-License-Identifier: GPL-2.0
/* A fault several calls deep, through a callback that sort() of the kernel calls: the trace shows all of it. */
#include "fault.h"
#include <linux/sort.h>

static int numbers[8] = { 5, 2, 8, 1, 9, 3, 7, 4 };
static int *none;

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	if (x == 9 || y == 9)
		*READ_ONCE(none) = x + y;
	return x - y;
}
static noinline void innermost(void)
{
	sort(numbers, ARRAY_SIZE(numbers), sizeof(int), compare, NULL);
	pr_info("sorted\n");
}
static noinline void middle(void)
{
	innermost();
	pr_info("middle\n");
}
static noinline void commit(void)
{
	middle();
	pr_info("outer\n");
}
FAULT_MODULE(commit);
