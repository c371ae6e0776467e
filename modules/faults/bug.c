// SPDX-License-Identifier: GPL-2.0
/* BUG(). */
#include "fault.h"

static noinline void commit(void)
{
	BUG();
}
FAULT_MODULE(commit);
