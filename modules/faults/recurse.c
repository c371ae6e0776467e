// SPDX-License-Identifier: GPL-2.0
/* Recurses until the kernel stack is used up (depth=0), or to a depth that fits. */
#include "fault.h"

static int depth = 5;
module_param(depth, int, 0644);

static noinline int descend(int left)
{
	volatile int room[400];

	/* Nearly all of a frame lies below what is touched first, so that the guard page is hit here and nowhere else. */
	room[0] = left;
	if (left == 1)
		return room[0];
	return descend(left - 1) + room[0];
}
static noinline void commit(void)
{
	pr_info("depth %d gives %d\n", depth, descend(depth));
}
FAULT_MODULE(commit);
