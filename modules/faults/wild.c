// SPDX-License-Identifier: GPL-2.0
/* Writes through a pointer that points nowhere: not canonical, or an unmapped kernel or user address. */
#include "fault.h"

static ulong where = 0xdead000000000100UL;
module_param(where, ulong, 0644);

static noinline void commit(void)
{
	*(volatile int *)where = 1;
}
FAULT_MODULE(commit);
