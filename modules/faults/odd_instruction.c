// SPDX-License-Identifier: GPL-2.0
/* Executes ud2 where no BUG is registered, or int3. */
#include "fault.h"

static noinline void commit(void)
{
	asm volatile("ud2");
}
FAULT_MODULE(commit);
