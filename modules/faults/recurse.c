// SPDX-License-Identifier: GPL-2.0
/* Recurses until the kernel stack is used up (depth=0), or to a depth that fits. */
#include "fault.h"

static int depth = 50;
module_param(depth, int, 0644);

static noinline int descend(int left)
{
	volatile char room[64];

	room[left & 63] = left;
	if (left == 1)
		return room[left & 63];
	return descend(left - 1) + room[left & 63];
}
static noinline void commit(void)
{
	pr_info("depth %d gives %d\n", depth, descend(depth));
}
FAULT_MODULE(commit);
